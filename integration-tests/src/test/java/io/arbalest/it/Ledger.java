package io.arbalest.it;

import io.arbalest.client.Hit;
import io.arbalest.client.Point;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * What a test has written, row by row, and what of it was acknowledged: the model that a node which
 * was killed is compared with. A key may be as its last acknowledged row made it, or as one of the
 * rows did that were on their way when the node died; nothing else.
 *
 * <p>Rows of one key must be sent in the order in which they are made. Confined to one thread.
 */
final class Ledger {
    static final int DIMENSION = 64;
    static final String AMOUNT = "amount";
    static final String ORIGIN = "origin";

    private static final int KEYS = 2_500;

    /** New versions are multiples of this; late ones lie between. */
    private static final int VERSION_STEP = 10;

    private final Random random;
    private final Map<PointKey, Account> accounts = new LinkedHashMap<>();
    private long lastVersion;
    private int resurrections;

    /**
     * What a key has.
     *
     * @param vector null: deleted
     * @param origin the version that brought the vector; patches leave it
     */
    private record State(long version, float @Nullable [] vector, long amount, long origin) {
        boolean live() {
            return vector != null;
        }

        private static final State NONE = new State(0, null, 0, 0);
    }

    /** One key. */
    private static final class Account {
        State sure = State.NONE;
        final Deque<State> doubtful = new ArrayDeque<>();

        State expected() {
            return doubtful.isEmpty() ? sure : doubtful.getLast();
        }
    }

    /** A row made by {@link #next}. */
    record Sent(Point point, long version) {}

    /** What is wrong, in words, by kind; and how many keys are alive. */
    record Comparison(
            List<String> lost,
            List<String> resurrected,
            List<String> lower,
            List<String> wrong,
            int live,
            int survived) {
        boolean clean() {
            return lost.isEmpty() && resurrected.isEmpty() && lower.isEmpty() && wrong.isEmpty();
        }
    }

    Ledger(Random random) {
        this.random = random;
    }

    /** Makes the next row: a put, an upsert, a delete, an update of metadata, or one too late. */
    Sent next() {
        PointKey key = PointKey.of("key-" + random.nextInt(KEYS));
        Account account = accounts.computeIfAbsent(key, any -> new Account());
        State before = account.expected();
        int kind = random.nextInt(100);
        if (kind < 12 && before.version() > 0) {
            return late(key, account);
        }
        long version = lastVersion += VERSION_STEP;
        State after;
        Point point;
        if (kind < 27 && before.live()) {
            after = new State(version, null, 0, 0);
            point = Point.delete(key, version(version));
        } else if (kind < 45 && before.live()) {
            after = new State(version, before.vector(), version, before.origin());
            point = Point.patch(key, Map.of(AMOUNT, version), version(version));
        } else if (kind < 55 && before.live()) {
            after = new State(version, before.vector(), version, version);
            point = Point.updateMetadata(key, fields(version), version(version));
        } else {
            float[] vector = vector();
            after = new State(version, vector, version, version);
            point = Point.upsert(key, vector, fields(version), version(version));
        }
        account.doubtful.add(after);
        return new Sent(point, version);
    }

    /** An upsert or a delete below what the key has; it must change nothing. */
    private Sent late(PointKey key, Account account) {
        long version = Math.max(1, account.sure.version()) - 1 - random.nextInt(VERSION_STEP - 1);
        Version older = new Version(0, version, 0);
        resurrections += account.expected().live() ? 0 : 1;
        return new Sent(
                random.nextInt(4) == 0
                        ? Point.delete(key, older)
                        : Point.upsert(key, vector(), fields(version), older),
                version);
    }

    /** Upserts below a delete that were made: each a chance to bring back what was deleted. */
    int resurrectionsTried() {
        return resurrections;
    }

    /** These rows were acknowledged. */
    void acknowledge(List<Sent> rows) {
        for (Sent row : rows) {
            Account account = accounts.get(row.point().key());
            while (account != null
                    && !account.doubtful.isEmpty()
                    && account.doubtful.getFirst().version() <= row.version()) {
                account.sure = account.doubtful.removeFirst();
            }
        }
    }

    /** Keys that were ever written. */
    List<PointKey> keys() {
        return List.copyOf(accounts.keySet());
    }

    /**
     * Compares with what was found, nothing being on its way any more. What was found counts from
     * now on: it was visible, so it must stay.
     */
    Comparison settle(Map<PointKey, Hit> found) {
        Comparison comparison =
                new Comparison(
                        new ArrayList<>(),
                        new ArrayList<>(),
                        new ArrayList<>(),
                        new ArrayList<>(),
                        0,
                        0);
        int live = 0;
        int survived = 0;
        for (Map.Entry<PointKey, Account> entry : accounts.entrySet()) {
            Account account = entry.getValue();
            Hit hit = found.get(entry.getKey());
            State is = match(account, hit);
            if (is == null) {
                complain(comparison, entry.getKey(), account, hit);
            } else {
                survived += is.version() > account.sure.version() ? 1 : 0;
                account.sure = is;
            }
            account.doubtful.clear();
            live += hit == null ? 0 : 1;
        }
        return new Comparison(
                comparison.lost(),
                comparison.resurrected(),
                comparison.lower(),
                comparison.wrong(),
                live,
                survived);
    }

    /**
     * The state that was found, if it is a possible one; of several the oldest. A key that is not
     * there does not say which of its deletes was the last to become durable: a write between two
     * of them may rightly come back if that was the first.
     */
    private static @Nullable State match(Account account, @Nullable Hit hit) {
        if (equal(account.sure, hit)) {
            return account.sure;
        }
        return account.doubtful.stream()
                .filter(state -> equal(state, hit))
                .findFirst()
                .orElse(null);
    }

    private static boolean equal(State state, @Nullable Hit hit) {
        if (hit == null || state.vector() == null) {
            return hit == null && state.vector() == null;
        }
        short[] half = Point.upsert(hit.key(), state.vector(), Map.of(), null).vector();
        return hit.version().equals(version(state.version()))
                && Arrays.equals(half, hit.vector())
                && Long.valueOf(state.amount()).equals(hit.metadata().get(AMOUNT))
                && Long.valueOf(state.origin()).equals(hit.metadata().get(ORIGIN));
    }

    private static void complain(
            Comparison comparison, PointKey key, Account account, @Nullable Hit hit) {
        State sure = account.sure;
        String what = key + ": acknowledged " + sure + ", found " + hit;
        if (hit == null) {
            comparison.lost().add(what);
        } else if (!sure.live()) {
            comparison.resurrected().add(what);
        } else if (hit.version().compareTo(version(sure.version())) < 0) {
            comparison.lower().add(what);
        } else {
            comparison.wrong().add(what);
        }
    }

    /** A few keys that are alive and sure, with their vectors. */
    Map<PointKey, float[]> someLive(int count) {
        List<Map.Entry<PointKey, Account>> all = new ArrayList<>(accounts.entrySet());
        Map<PointKey, float[]> some = new LinkedHashMap<>();
        for (int tries = 0; tries < all.size() && some.size() < count; tries++) {
            Map.Entry<PointKey, Account> entry = all.get(random.nextInt(all.size()));
            float[] vector = entry.getValue().sure.vector();
            if (vector != null) {
                some.put(entry.getKey(), vector);
            }
        }
        return some;
    }

    private static Map<String, Object> fields(long version) {
        return Map.of(AMOUNT, version, ORIGIN, version);
    }

    private static Version version(long version) {
        return new Version(0, version, 0);
    }

    private float[] vector() {
        float[] vector = new float[DIMENSION];
        for (int i = 0; i < DIMENSION; i++) {
            vector[i] = (float) random.nextGaussian();
        }
        return vector;
    }
}
