package io.arbalest.jobs.local;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Free loopback ports from {@value #FIRST} to {@value #LAST}: below the range from which the kernel
 * takes the local ports of outgoing connections (ip(7), {@code ip_local_port_range}), so that a
 * process that was killed finds its port free again.
 *
 * <p>Thread-safe.
 */
public final class Ports {
    static final int FIRST = 20_000;
    static final int LAST = 31_999;

    /**
     * Starts at a place that depends on the process, so that two test runs rarely ask for the same
     * port.
     */
    private static final AtomicInteger NEXT =
            new AtomicInteger((int) (ProcessHandle.current().pid() * 37 % (LAST - FIRST + 1)));

    private Ports() {}

    /**
     * This many distinct ports that nobody listens on at the moment; no two calls in one JVM give
     * the same soon.
     */
    public static int[] free(int count) {
        int[] ports = new int[count];
        int found = 0;
        for (int tried = 0; found < count; tried++) {
            if (tried > LAST - FIRST) {
                throw new ArbalestException(
                        ErrorCode.PORT_IN_USE,
                        "no " + count + " free ports in " + FIRST + ".." + LAST,
                        "stop what listens there");
            }
            int port = FIRST + Math.floorMod(NEXT.getAndIncrement(), LAST - FIRST + 1);
            if (isFree(port)) {
                ports[found++] = port;
            }
        }
        return Arrays.copyOf(ports, found);
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
