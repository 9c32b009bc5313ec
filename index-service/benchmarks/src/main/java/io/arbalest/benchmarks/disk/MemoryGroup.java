package io.arbalest.benchmarks.disk;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A control group with a limit on memory (cgroups(7), version 1 or 2), which this process joins and
 * leaves. What is read from files while it is a member counts against the limit, and so does memory
 * that it writes to for the first time.
 *
 * <p>Needs root. Confined to one thread.
 */
final class MemoryGroup implements AutoCloseable {
    private static final Path ROOT = Path.of("/sys/fs/cgroup");

    private final Path parent;
    private final Path group;
    private final boolean version2;

    private MemoryGroup(Path parent, boolean version2) throws IOException {
        this.parent = parent;
        this.version2 = version2;
        group = parent.resolve("arbalest-bench-" + ProcessHandle.current().pid());
        Files.createDirectory(group);
        try {
            enter(group);
        } catch (IOException e) {
            Files.delete(group);
            throw e;
        }
    }

    /** Makes a group and moves this process into it. */
    static MemoryGroup join() {
        boolean version2 = Files.exists(ROOT.resolve("cgroup.controllers"));
        Path parent = version2 ? ROOT : ROOT.resolve("memory");
        try {
            return new MemoryGroup(parent, version2);
        } catch (IOException e) {
            throw new ArbalestException(
                    ErrorCode.IO_FAILED,
                    "cannot make a control group below " + parent + ": " + e,
                    "run this as root, where the memory controller of cgroups is mounted",
                    e);
        }
    }

    private static void enter(Path target) throws IOException {
        write(target.resolve("cgroup.procs"), ProcessHandle.current().pid());
    }

    private static void write(Path file, long value) throws IOException {
        Files.writeString(file, Long.toString(value), StandardCharsets.US_ASCII);
    }

    /** Limits the memory; the kernel lets go of pages of files until it holds. */
    void limit(long bytes) throws IOException {
        write(group.resolve(version2 ? "memory.max" : "memory.limit_in_bytes"), bytes);
    }

    /** Takes the limit away. */
    void unlimit() throws IOException {
        Path file = group.resolve(version2 ? "memory.max" : "memory.limit_in_bytes");
        Files.writeString(file, version2 ? "max" : "-1", StandardCharsets.US_ASCII);
    }

    /**
     * Bytes that belong to no file and were first written to by a member: heap, stacks, and what is
     * kept by malloc and mmap.
     */
    long anonymousBytes() throws IOException {
        return statistic(version2 ? "anon" : "rss");
    }

    /** Bytes of files that members have read and that are still in memory. */
    long cachedBytes() throws IOException {
        return statistic(version2 ? "file" : "cache");
    }

    private long statistic(String wanted) throws IOException {
        for (String line : Files.readAllLines(group.resolve("memory.stat"))) {
            String[] words = line.split(" ", -1);
            if (words[0].equals(wanted)) {
                return Long.parseLong(words[1]);
            }
        }
        throw new IOException(group + "/memory.stat has no " + wanted);
    }

    /** Leaves the group and removes it. */
    @Override
    public void close() throws IOException {
        unlimit();
        enter(parent);
        Files.delete(group);
    }
}
