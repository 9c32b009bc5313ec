package io.arbalest.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.cluster.ClusterOptions.Member;
import io.arbalest.common.Clock;
import io.arbalest.common.SystemScheduler;
import io.arbalest.io.Disk;
import io.arbalest.io.FileChannelDisk;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.NodeInfo;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;

/** Real members of a group in one process, on free ports of the loopback. */
class RatisCatalogTest {
    private static final long PATIENCE_SECONDS = 60;

    @TempDir private Path directory;

    private final SystemScheduler scheduler = new SystemScheduler();
    private final List<RatisCatalog> open = new ArrayList<>();

    @AfterEach
    void stop() {
        open.forEach(RatisCatalog::close);
        scheduler.close();
    }

    private static List<Member> members(int count) throws IOException {
        List<ServerSocket> sockets = new ArrayList<>();
        List<Member> members = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                sockets.add(socket);
                members.add(new Member("node-" + i, "127.0.0.1", socket.getLocalPort()));
            }
        } finally {
            for (ServerSocket socket : sockets) {
                socket.close();
            }
        }
        return members;
    }

    private ClusterOptions options(List<Member> members, int number) {
        NodeInfo node = new NodeInfo("node-" + number, UUID.randomUUID(), "127.0.0.1", 7400, 7401);
        return new ClusterOptions(node, members, directory.resolve("node-" + number));
    }

    private final Disk disk = new FileChannelDisk();

    private RatisCatalog start(List<Member> members, int number) {
        RatisCatalog catalog =
                RatisCatalog.start(options(members, number), disk, scheduler, Clock.SYSTEM);
        open.add(catalog);
        return catalog;
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private static ClusterImage awaitImage(RatisCatalog catalog, Predicate<ClusterImage> wanted)
            throws Exception {
        CompletableFuture<ClusterImage> seen = new CompletableFuture<>();
        catalog.onChange(image -> {
            if (wanted.test(image)) {
                seen.complete(image);
            }
        });
        return await(seen);
    }

    private static @Nullable ErrorCode failureOf(Future<?> future)
            throws InterruptedException, TimeoutException {
        try {
            future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            return null;
        } catch (ExecutionException e) {
            return e.getCause() instanceof ArbalestException coded
                    ? coded.code()
                    : ErrorCode.INTERNAL;
        }
    }

    @Test
    void oneMemberDecidesAloneAndRemembers() throws Exception {
        List<Member> members = members(1);
        RatisCatalog first = start(members, 0);
        await(first.ready());
        ClusterImage.Collection created =
                await(first.createCollection(Samples.collection("packages", 1, 3), false));
        assertThat(first.image().requireCollection("packages")).isEqualTo(created);
        assertThat(failureOf(first.createCollection(Samples.collection("packages", 1, 3), false)))
                .isEqualTo(ErrorCode.COLLECTION_EXISTS);
        assertThat(await(first.createCollection(Samples.collection("packages", 1, 1), true)))
                .isEqualTo(created);
        await(first.createCollection(Samples.collection("gone", 1, 1), false));
        await(first.dropCollection("gone", false));
        assertThat(failureOf(first.dropCollection("gone", false)))
                .isEqualTo(ErrorCode.UNKNOWN_COLLECTION);
        first.close();
        assertThat(failureOf(first.dropCollection("packages", false)))
                .isEqualTo(ErrorCode.SHUTTING_DOWN);

        RatisCatalog second = start(members, 0);
        ClusterImage image = await(second.ready());
        assertThat(image.collections().keySet()).containsExactly("packages");
        assertThat(image.requireCollection("packages")).isEqualTo(created);
    }

    @Test
    void threeMembersAgreeThroughRestartAndLossOfTheLeader() throws Exception {
        List<Member> members = members(3);
        List<RatisCatalog> catalogs = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            catalogs.add(start(members, i));
        }
        Queue<Long> indexes = new ConcurrentLinkedQueue<>();
        catalogs.get(2).onChange(image -> indexes.add(image.index()));
        for (RatisCatalog catalog : catalogs) {
            await(catalog.ready());
        }
        ClusterImage.Collection created =
                await(catalogs.get(0).createCollection(Samples.collection("first", 1, 3), false));
        for (RatisCatalog catalog : catalogs) {
            ClusterImage image = awaitImage(catalog, i -> i.collections().containsKey("first"));
            assertThat(image.requireCollection("first")).isEqualTo(created);
            assertThat(image.nodes().keySet()).containsExactly("node-0", "node-1", "node-2");
        }

        for (int restarted = 0; restarted < 3; restarted++) { // one of them is the leader
            catalogs.get(restarted).close();
            String name = "during-" + restarted;
            RatisCatalog other = catalogs.get((restarted + 1) % 3);
            await(other.createCollection(Samples.collection(name, restarted, 1), false));
            catalogs.set(restarted, start(members, restarted));
            await(catalogs.get(restarted).ready());
            assertThat(catalogs.get(restarted).image().collections()).containsKeys("first", name);
        }
        long last = catalogs.stream().mapToLong(c -> c.image().index()).max().orElseThrow();
        for (RatisCatalog catalog : catalogs) {
            assertThat(awaitImage(catalog, i -> i.index() >= last))
                    .isEqualTo(catalogs.getFirst().image());
        }
        assertThat(List.copyOf(indexes)).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void refusesWhatItCannotRunOn() throws Exception {
        List<Member> members = members(1);
        RatisCatalog running = start(members, 0);
        await(running.ready());
        ClusterOptions samePort =
                new ClusterOptions(Samples.node(0), members, directory.resolve("another"));
        assertRefused(samePort, ErrorCode.PORT_IN_USE);
        running.close();
        assertRefused(options(members(1), 0), ErrorCode.INVALID_CONFIGURATION);
        assertThatThrownBy(() -> options(members, 5)).hasMessageContaining("node-5");
    }

    private void assertRefused(ClusterOptions options, ErrorCode code) {
        assertThatThrownBy(() -> RatisCatalog.start(options, disk, scheduler, Clock.SYSTEM))
                .isInstanceOfSatisfying(
                        ArbalestException.class, e -> assertThat(e.code()).isEqualTo(code));
    }
}
