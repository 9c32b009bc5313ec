package io.arbalest.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.metadata.KeyValueStore.Change;
import io.arbalest.metadata.KeyValueStore.Family;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;

/** What every store must do; a subclass runs it for one. */
abstract class KeyValueStoreContract {
    /** The store under test, open and empty when the test starts. */
    abstract KeyValueStore store();

    /** Closes the store and opens what it left. */
    abstract KeyValueStore reopen();

    static byte[] hex(String text) {
        return HexFormat.of().parseHex(text);
    }

    static Change put(Family family, String key, String value) {
        return new Change(family, hex(key), hex(value));
    }

    private static List<String> scan(KeyValueStore store, Family family, String prefix, int limit) {
        List<String> found = new ArrayList<>();
        store.scan(
                family,
                hex(prefix),
                (key, value) -> {
                    found.add(
                            HexFormat.of().formatHex(key) + "=" + HexFormat.of().formatHex(value));
                    return found.size() < limit;
                });
        return found;
    }

    @Test
    void readsWhatWasWrittenInItsFamily() {
        KeyValueStore store = store();
        store.write(List.of(put(Family.KEYS, "01", "aa"), put(Family.ROWS, "01", "bb")));
        assertThat(store.get(Family.KEYS, hex("01"))).isEqualTo(hex("aa"));
        assertThat(store.get(Family.ROWS, hex("01"))).isEqualTo(hex("bb"));
        assertThat(store.get(Family.STATE, hex("01"))).isNull();
        assertThat(store.multiGet(Family.KEYS, List.of(hex("02"), hex("01"), hex("02"))))
                .containsExactly(null, hex("aa"), null);
        assertThat(store.multiGet(Family.KEYS, List.of())).isEmpty();
    }

    @Test
    void appliesTheChangesOfABatchInOrder() {
        KeyValueStore store = store();
        store.write(
                List.of(
                        put(Family.KEYS, "01", "aa"),
                        new Change(Family.KEYS, hex("01"), null),
                        put(Family.KEYS, "02", "aa"),
                        put(Family.KEYS, "02", "bb")));
        assertThat(store.get(Family.KEYS, hex("01"))).isNull();
        assertThat(store.get(Family.KEYS, hex("02"))).isEqualTo(hex("bb"));
    }

    @Test
    void keepsAnEmptyValueApartFromNone() {
        KeyValueStore store = store();
        store.write(List.of(put(Family.KEYS, "01", "")));
        assertThat(store.get(Family.KEYS, hex("01"))).isEmpty();
    }

    @Test
    void scansInUnsignedOrderUntilToldToStop() {
        KeyValueStore store = store();
        store.write(
                List.of(
                        put(Family.STATE, "7f", "01"),
                        put(Family.STATE, "80ff", "03"),
                        put(Family.STATE, "80", "02"),
                        put(Family.STATE, "ff", "04")));
        assertThat(scan(store, Family.STATE, "", 9))
                .containsExactly("7f=01", "80=02", "80ff=03", "ff=04");
        assertThat(scan(store, Family.STATE, "80", 9)).containsExactly("80=02", "80ff=03");
        assertThat(scan(store, Family.STATE, "80", 1)).containsExactly("80=02");
        assertThat(scan(store, Family.STATE, "81", 9)).isEmpty();
    }

    @Test
    void tellsWhatIsDurable() {
        KeyValueStore store = store();
        store.write(List.of(put(Family.STATE, "01", "aa")));
        assertThat(store.getDurable(Family.STATE, hex("01"))).isNull();
        store.flush();
        store.write(List.of(put(Family.STATE, "01", "bb")));
        assertThat(store.getDurable(Family.STATE, hex("01"))).isEqualTo(hex("aa"));
        assertThat(store.get(Family.STATE, hex("01"))).isEqualTo(hex("bb"));
    }

    @Test
    void refusesCallsAfterClosing() {
        KeyValueStore store = store();
        store.close();
        store.close();
        assertThatThrownBy(() -> store.get(Family.STATE, hex("01")))
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.STORE_FAILED));
        assertThatThrownBy(() -> store.write(List.of(put(Family.STATE, "01", "aa"))))
                .isInstanceOf(ArbalestException.class);
    }

    @Test
    void equalsASortedMapUnderRandomOperations() {
        long seed = seed();
        Random random = new Random(seed);
        NavigableMap<byte[], byte[]> model = new TreeMap<>(Arrays::compareUnsigned);
        KeyValueStore store = store();
        for (int round = 0; round < 300; round++) {
            List<Change> changes = new ArrayList<>();
            for (int i = random.nextInt(20); i > 0; i--) {
                byte[] key = new byte[1 + random.nextInt(2)];
                random.nextBytes(key);
                byte[] value = new byte[random.nextInt(40)];
                random.nextBytes(value);
                boolean remove = random.nextInt(4) == 0;
                changes.add(new Change(Family.POSTINGS, key, remove ? null : value));
                if (remove) {
                    model.remove(key);
                } else {
                    model.put(key, value);
                }
            }
            store.write(changes);
            if (random.nextInt(30) == 0) {
                store.flush();
            }
            if (random.nextInt(60) == 0) {
                store = reopen();
            }
            assertSame(seed, store, model, random);
        }
    }

    private static void assertSame(
            long seed, KeyValueStore store, NavigableMap<byte[], byte[]> model, Random random) {
        byte[] probe = {(byte) random.nextInt()};
        byte @Nullable [] expected = model.get(probe);
        assertThat(store.get(Family.POSTINGS, probe)).as("seed %d", seed).isEqualTo(expected);
        List<String> scanned =
                scan(store, Family.POSTINGS, HexFormat.of().formatHex(probe), Integer.MAX_VALUE);
        List<String> wanted = new ArrayList<>();
        model.forEach((key, value) -> {
            if (key[0] == probe[0]) {
                wanted.add(HexFormat.of().formatHex(key) + "=" + HexFormat.of().formatHex(value));
            }
        });
        assertThat(scanned).as("seed %d", seed).isEqualTo(wanted);
    }

    /** The seed of this run: {@code -Dseed}, else a new one. */
    static long seed() {
        String given = System.getProperty("seed", "");
        return given.isEmpty() || given.startsWith("$")
                ? new Random().nextLong()
                : Long.parseLong(given);
    }
}
