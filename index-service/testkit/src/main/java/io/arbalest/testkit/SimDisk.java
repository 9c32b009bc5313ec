package io.arbalest.testkit;

import io.arbalest.io.AlignedBuffers;
import io.arbalest.io.BlockFile;
import io.arbalest.io.BlockWriter;
import io.arbalest.io.DirectoryInUseException;
import io.arbalest.io.Disk;
import io.arbalest.io.DiskFullException;
import io.arbalest.io.MappedFile;
import io.arbalest.testkit.NamespaceChange.Entry;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;

/**
 * A disk in memory that keeps apart what is on the medium and what a power cut may lose. Written
 * sectors are stable when a write has returned, directory entries only after {@link #syncDirectory}
 * of the very directory that they are in (POSIX promises no more). {@link #crash} keeps, of
 * everything that is not stable, what the seed draws: any subset of a file's sectors, any prefix of
 * the directory changes that are left (as a journal would).
 *
 * <p>Faults are armed with {@link #failAt}: the n-th call from now of an operation fails, leaves an
 * arbitrary part of its effect, or is the moment of the power cut. After a power cut every call
 * throws until {@link #crash} has been called; handles and locks from before stay dead.
 *
 * <p>Thread-safe.
 */
public final class SimDisk implements Disk {
    private final RandomGenerator random;
    private final Deque<NamespaceChange> pendingChanges = new ArrayDeque<>();
    private final Set<Path> locked = new HashSet<>();
    private TreeMap<Path, Entry> entries = new TreeMap<>();
    private TreeMap<Path, Entry> stableEntries = new TreeMap<>();
    private long capacityBytes = Long.MAX_VALUE;
    private boolean losesSyncs;
    private boolean poweredOff;
    private int incarnation;
    private @Nullable ArmedFault armed;
    private final List<UnderWay> underWay = new ArrayList<>();
    private long writes;
    private long writtenBytes;

    /** A disk whose accidents are drawn from the seed. */
    public SimDisk(long seed) {
        random = RandomCases.random(seed);
        Path root = Path.of("/");
        entries.put(root, Entry.DIRECTORY);
        stableEntries.put(root, Entry.DIRECTORY);
    }

    /** The calls that can be made to fail. */
    public enum Operation {
        CREATE,
        WRITE,
        READ,
        SYNC_DIRECTORY,
        RENAME,
        DELETE,
        PUBLISH
    }

    /** How a call fails. */
    public enum Fault {
        /**
         * An error from the device; of a write, any part may have arrived, and a read may see bytes
         * that a crash will lose.
         */
        IO_ERROR,
        /** No space; of a write, nothing has arrived. */
        NO_SPACE,
        /**
         * The power goes in the middle of the call: any part of a write has arrived; nothing works
         * until {@link #crash}.
         */
        POWER_CUT
    }

    /**
     * Lets the {@code skip + 1}-th call of this operation from now fail. Replaces a fault armed
     * before.
     */
    public synchronized void failAt(Operation operation, int skip, Fault fault) {
        armed = new ArmedFault(operation, skip, fault);
    }

    /** Whether the armed fault has not happened yet. */
    public synchronized boolean faultPending() {
        return armed != null;
    }

    /** Limits the sum of all file sizes. */
    public synchronized void capacity(long bytes) {
        capacityBytes = bytes;
    }

    /** Makes writes return before they are stable, as a device does that ignores flushes. */
    public synchronized void loseSyncs(boolean lose) {
        losesSyncs = lose;
    }

    /** From now on every call throws, until {@link #crash} or {@link #outliveProcess}. */
    public synchronized void cutPower() {
        poweredOff = true;
    }

    /**
     * Starts again as after the end of a process, not of the machine: nothing is lost, and what was
     * not stable is not stable yet. Handles and locks from before are dead.
     */
    public synchronized void outliveProcess() {
        abandonWrites();
        locked.clear();
        incarnation++;
        poweredOff = false;
        armed = null;
    }

    /** Cuts the power and starts again with what was stable and what the seed keeps of the rest. */
    public synchronized void crash() {
        abandonWrites();
        int kept = pendingChanges.isEmpty() ? 0 : random.nextInt(pendingChanges.size() + 1);
        for (int i = 0; i < kept; i++) {
            pendingChanges.removeFirst().applyTo(stableEntries);
        }
        pendingChanges.clear();
        // What was made in a directory that is gone is gone with it.
        stableEntries
                .keySet()
                .removeIf(path ->
                        path.getParent() != null && !stableEntries.containsKey(path.getParent()));
        entries = new TreeMap<>(stableEntries);
        for (Entry entry : entries.values()) {
            if (entry.file() != null) {
                entry.file().syncSome(random);
                entry.file().dropUnsynced();
            }
        }
        outliveProcess();
    }

    /** How many block writes have succeeded. */
    public synchronized long writes() {
        return writes;
    }

    /** Bytes of all block writes that have succeeded; the zeros of new files are not counted. */
    public synchronized long writtenBytes() {
        return writtenBytes;
    }

    /** A copy of a file's bytes as a read would see them. */
    public synchronized byte[] dump(Path file) throws IOException {
        SimFile data = file(file);
        return data.read(0, data.size());
    }

    /** Overwrites stored bytes, as rot or a misdirected write does. */
    public synchronized void damage(Path file, long offset, byte... bytes) throws IOException {
        file(file).damage(offset, bytes);
    }

    /** Turns one stored bit over. */
    public synchronized void flipBit(Path file, long offset, int bit) throws IOException {
        byte[] old = file(file).read(offset, 1);
        damage(file, offset, (byte) (old[0] ^ (1 << bit)));
    }

    @Override
    public synchronized BlockFile create(Path file, long size) throws IOException {
        AlignedBuffers.checkFileSize(size);
        before(Operation.CREATE);
        Path path = normal(file);
        requireDirectory(path.getParent());
        if (entries.containsKey(path)) {
            throw new FileAlreadyExistsException(path.toString());
        }
        requireSpace(path, size);
        SimFile data = new SimFile(new byte[Math.toIntExact(size)]);
        change(new NamespaceChange.Put(path, new Entry(data)));
        return new Handle(path, data);
    }

    @Override
    public synchronized BlockFile open(Path file) throws IOException {
        alive();
        return new Handle(normal(file), file(file));
    }

    @Override
    public BlockWriter writer(long bufferBytes, Executor helper) {
        return new SimBlockWriter(bufferBytes);
    }

    @Override
    public synchronized MappedFile map(Path file) throws IOException {
        alive();
        return new SimMapping(normal(file), file(file));
    }

    @Override
    public synchronized void publish(Path file, byte[] content) throws IOException {
        before(Operation.PUBLISH);
        Path path = normal(file);
        requireDirectory(path.getParent());
        requireSpace(path, content.length);
        change(new NamespaceChange.Put(path, new Entry(new SimFile(content.clone()))));
        flushChanges(path.getParent());
    }

    @Override
    public synchronized byte[] readAll(Path file) throws IOException {
        before(Operation.READ);
        return dump(file);
    }

    @Override
    public synchronized boolean exists(Path file) throws IOException {
        alive();
        return entries.containsKey(normal(file));
    }

    @Override
    public synchronized List<String> list(Path directory) throws IOException {
        alive();
        Path path = normal(directory);
        return below(path).keySet().stream()
                .filter(entry -> path.equals(entry.getParent()))
                .map(entry -> entry.getFileName().toString())
                .sorted()
                .toList();
    }

    @Override
    public synchronized void createDirectories(Path directory) throws IOException {
        alive();
        Path path = normal(directory);
        if (path.getParent() != null) {
            createDirectories(path.getParent());
        }
        Entry old = entries.get(path);
        if (old != null && old.file() != null) {
            throw new FileAlreadyExistsException(path.toString());
        }
        if (old == null) {
            change(new NamespaceChange.Put(path, Entry.DIRECTORY));
            flushChanges(path.getParent());
        }
    }

    @Override
    public synchronized void rename(Path from, Path to) throws IOException {
        before(Operation.RENAME);
        Path source = normal(from);
        Path target = normal(to);
        if (!entries.containsKey(source)) {
            throw new NoSuchFileException(source.toString());
        }
        requireDirectory(target.getParent());
        change(new NamespaceChange.Move(source, target));
    }

    @Override
    public synchronized void delete(Path file) throws IOException {
        before(Operation.DELETE);
        Path path = normal(file);
        if (!entries.containsKey(path)) {
            throw new NoSuchFileException(path.toString());
        }
        if (!list(path).isEmpty()) {
            throw new DirectoryNotEmptyException(path.toString());
        }
        change(new NamespaceChange.Remove(path));
    }

    @Override
    public synchronized void deleteTree(Path directory) throws IOException {
        before(Operation.DELETE);
        Path path = normal(directory);
        for (Path entry : List.copyOf(below(path).descendingKeySet())) {
            change(new NamespaceChange.Remove(entry));
        }
        if (entries.containsKey(path)) {
            change(new NamespaceChange.Remove(path));
        }
    }

    @Override
    public synchronized void syncDirectory(Path directory) throws IOException {
        before(Operation.SYNC_DIRECTORY);
        requireDirectory(normal(directory));
        flushChanges(normal(directory));
    }

    @Override
    public synchronized long usableBytes(Path directory) throws IOException {
        alive();
        return Math.max(0, capacityBytes - usedBytes());
    }

    @Override
    public synchronized AutoCloseable lock(Path directory) throws IOException {
        alive();
        Path path = normal(directory);
        requireDirectory(path);
        if (!locked.add(path)) {
            throw new DirectoryInUseException(path + " is in use by this process");
        }
        int lockedIn = incarnation;
        return () -> unlock(path, lockedIn);
    }

    private synchronized void unlock(Path path, int lockedIn) {
        if (lockedIn == incarnation) {
            locked.remove(path);
        }
    }

    private static Path normal(Path path) {
        return path.toAbsolutePath().normalize();
    }

    private NavigableMap<Path, Entry> below(Path directory) {
        TreeMap<Path, Entry> below = new TreeMap<>();
        SortedMap<Path, Entry> behind = entries.tailMap(directory, false);
        behind.forEach((path, entry) -> {
            if (path.startsWith(directory)) {
                below.put(path, entry);
            }
        });
        return below;
    }

    private SimFile file(Path file) throws IOException {
        Entry entry = entries.get(normal(file));
        if (entry == null || entry.file() == null) {
            throw new NoSuchFileException(file.toString());
        }
        return entry.file();
    }

    private void requireDirectory(@Nullable Path directory) throws IOException {
        Entry entry = directory == null ? null : entries.get(directory);
        if (entry == null || entry.file() != null) {
            throw new NoSuchFileException(directory + " (directory)");
        }
    }

    private void requireSpace(Path file, long bytes) throws IOException {
        if (bytes > capacityBytes - usedBytes()) {
            throw new DiskFullException("no space for " + file + ": expected " + bytes + " bytes");
        }
    }

    private long usedBytes() {
        long used = 0;
        for (Entry entry : entries.values()) {
            used += entry.file() == null ? 0 : entry.file().size();
        }
        return used;
    }

    private void change(NamespaceChange change) {
        change.applyTo(entries);
        pendingChanges.add(change);
    }

    private void flushChanges(@Nullable Path directory) {
        if (losesSyncs || directory == null) {
            return;
        }
        List<NamespaceChange> left = new ArrayList<>();
        for (NamespaceChange change : pendingChanges) {
            if (!change.isIn(directory)) {
                left.add(change);
                continue;
            }
            change.applyTo(stableEntries);
            switch (change) {
                case NamespaceChange.Put _ -> {}
                case NamespaceChange.Move move -> left.replaceAll(earlier -> earlier.after(move));
                // What was done in it must not be done to a later one of its name.
                case NamespaceChange.Remove(Path path) ->
                        left.removeIf(earlier -> earlier.isBelow(path));
            }
        }
        pendingChanges.clear();
        pendingChanges.addAll(left);
    }

    private void alive() throws IOException {
        if (poweredOff) {
            throw new IOException("the power is off");
        }
    }

    private void before(Operation operation) throws IOException {
        Fault fault = due(operation);
        if (fault != null) {
            throw failure(operation, fault);
        }
    }

    /** The fault of this very call, if there is one. */
    private @Nullable Fault due(Operation operation) throws IOException {
        alive();
        if (armed == null || armed.operation != operation) {
            return null;
        }
        if (armed.skip > 0) {
            armed = new ArmedFault(operation, armed.skip - 1, armed.fault);
            return null;
        }
        Fault fault = armed.fault;
        armed = null;
        return fault;
    }

    private IOException failure(Operation operation, Fault fault) {
        return switch (fault) {
            case IO_ERROR -> new IOException("injected: input/output error in " + operation);
            case NO_SPACE -> new DiskFullException("injected: no space in " + operation);
            case POWER_CUT -> {
                poweredOff = true;
                yield new IOException("injected: power cut in " + operation);
            }
        };
    }

    private synchronized void write(SimFile data, long offset, byte[] bytes) throws IOException {
        Fault fault = due(Operation.WRITE);
        if (fault != null) {
            if (fault != Fault.NO_SPACE) {
                data.writeUnsynced(offset, bytes);
                data.syncSome(random);
            }
            throw failure(Operation.WRITE, fault);
        }
        data.writeUnsynced(offset, bytes);
        if (!losesSyncs) {
            data.sync();
        }
        writes++;
        writtenBytes += bytes.length;
    }

    private synchronized void sync(SimFile data) throws IOException {
        alive();
        if (!losesSyncs) {
            data.sync();
        }
    }

    private synchronized SimBlockWriter.BegunWrite begin(
            SimFile data, long offset, MemorySegment source) {
        UnderWay write = new UnderWay(data, offset, source.toArray(ValueLayout.JAVA_BYTE));
        underWay.add(write);
        return () -> end(write, source);
    }

    private synchronized void end(UnderWay write, MemorySegment source) throws IOException {
        if (!underWay.remove(write)) {
            throw new IOException("the disk has crashed under a write");
        }
        if (source.mismatch(MemorySegment.ofArray(write.bytes)) != -1) {
            throw new IllegalStateException("memory was changed while it was being written");
        }
        write(write.data, write.offset, write.bytes);
    }

    /** The device has got any part of what was under way. */
    private void abandonWrites() {
        for (UnderWay write : underWay) {
            write.data.writeUnsynced(write.offset, write.bytes);
            write.data.syncSome(random);
        }
        underWay.clear();
    }

    private synchronized byte[] read(SimFile data, long offset, int length) throws IOException {
        before(Operation.READ);
        return data.read(offset, length);
    }

    /** A write that was begun and not awaited. */
    private record UnderWay(SimFile data, long offset, byte[] bytes) {}

    private record ArmedFault(Operation operation, int skip, Fault fault) {}

    /** A copy of a file as it was when it was mapped. */
    private final class SimMapping implements MappedFile {
        private final Path path;
        private final SimFile data;
        private final Arena arena = Arena.ofShared();
        private final MemorySegment bytes;

        SimMapping(Path path, SimFile data) {
            this.path = path;
            this.data = data;
            this.bytes = arena.allocate(data.size(), BlockFile.BLOCK_BYTES);
            bytes.copyFrom(MemorySegment.ofArray(data.read(0, data.size())));
        }

        @Override
        public MemorySegment bytes() {
            return bytes;
        }

        @Override
        public void read(long offset, MemorySegment target) throws IOException {
            if (offset < 0 || target.byteSize() > data.size() - offset) {
                throw new IOException(path + " has " + data.size() + " bytes");
            }
            byte[] read = SimDisk.this.read(data, offset, Math.toIntExact(target.byteSize()));
            target.copyFrom(MemorySegment.ofArray(read));
        }

        @Override
        public void close() {
            arena.close();
        }
    }

    /** An open file; dead after the crash of the disk it was opened on. */
    final class Handle implements BlockFile {
        private final Path path;
        private final SimFile data;
        private final int openedIn = incarnation;
        private boolean handleClosed;

        Handle(Path path, SimFile data) {
            this.path = path;
            this.data = data;
        }

        @Override
        public long size() {
            return data.size();
        }

        @Override
        public void write(long offset, MemorySegment source) throws IOException {
            AlignedBuffers.checkTransfer(offset, source, size());
            requireOpen();
            SimDisk.this.write(data, offset, source.toArray(ValueLayout.JAVA_BYTE));
        }

        @Override
        public void sync() throws IOException {
            requireOpen();
            SimDisk.this.sync(data);
        }

        SimBlockWriter.BegunWrite begin(long offset, MemorySegment source) throws IOException {
            AlignedBuffers.checkTransfer(offset, source, size());
            requireOpen();
            return SimDisk.this.begin(data, offset, source);
        }

        @Override
        public void read(long offset, MemorySegment target) throws IOException {
            AlignedBuffers.checkTransfer(offset, target, size());
            requireOpen();
            byte[] bytes = SimDisk.this.read(data, offset, Math.toIntExact(target.byteSize()));
            MemorySegment.copy(bytes, 0, target, ValueLayout.JAVA_BYTE, 0, bytes.length);
        }

        @Override
        public void close() {
            handleClosed = true;
        }

        private void requireOpen() throws IOException {
            synchronized (SimDisk.this) {
                if (handleClosed || openedIn != incarnation) {
                    throw new IOException(path + " is closed");
                }
            }
        }
    }
}
