package io.arbalest.testkit;

import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * The bytes of one simulated file: what is on the medium, and sectors on top that a read sees and a
 * power cut may lose.
 *
 * <p>Confined to its disk's lock.
 */
final class SimFile {
    /** What a device writes at once or not at all. */
    static final int SECTOR_BYTES = 512;

    private byte[] stable;
    private final TreeMap<Integer, byte[]> unsynced = new TreeMap<>();

    SimFile(byte[] stable) {
        this.stable = stable;
    }

    int size() {
        return stable.length;
    }

    void replaceStable(byte[] content) {
        stable = content;
        unsynced.clear();
    }

    /** Puts a range into the unsynced sectors; offset and length are multiples of the sector. */
    void writeUnsynced(long offset, byte[] bytes) {
        for (int at = 0; at < bytes.length; at += SECTOR_BYTES) {
            unsynced.put(
                    Math.toIntExact((offset + at) / SECTOR_BYTES),
                    Arrays.copyOfRange(bytes, at, at + SECTOR_BYTES));
        }
    }

    /** Makes everything unsynced stable. */
    void sync() {
        unsynced.forEach(this::makeStable);
        unsynced.clear();
    }

    /** Makes each unsynced sector stable or not, as drawn; what is not stays unsynced. */
    void syncSome(RandomGenerator random) {
        Iterator<Map.Entry<Integer, byte[]>> sectors = unsynced.entrySet().iterator();
        while (sectors.hasNext()) {
            Map.Entry<Integer, byte[]> sector = sectors.next();
            if (random.nextBoolean()) {
                makeStable(sector.getKey(), sector.getValue());
                sectors.remove();
            }
        }
    }

    void dropUnsynced() {
        unsynced.clear();
    }

    byte[] read(long offset, int length) {
        int from = Math.toIntExact(offset);
        byte[] result = Arrays.copyOfRange(stable, from, from + length);
        for (Map.Entry<Integer, byte[]> sector :
                unsynced.subMap(from / SECTOR_BYTES, true, (from + length - 1) / SECTOR_BYTES, true)
                        .entrySet()) {
            int sectorStart = sector.getKey() * SECTOR_BYTES;
            int start = Math.max(sectorStart, from);
            int end = Math.min(sectorStart + SECTOR_BYTES, from + length);
            System.arraycopy(
                    sector.getValue(), start - sectorStart, result, start - from, end - start);
        }
        return result;
    }

    /** Changes stored bytes behind the file system's back, as rot does. */
    void damage(long offset, byte[] bytes) {
        System.arraycopy(bytes, 0, stable, Math.toIntExact(offset), bytes.length);
    }

    private void makeStable(int sector, byte[] bytes) {
        System.arraycopy(bytes, 0, stable, sector * SECTOR_BYTES, SECTOR_BYTES);
    }
}
