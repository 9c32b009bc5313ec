package io.arbalest.engine;

import io.arbalest.metadata.ShardMetadata;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Removes from the metadata store what it has about rows that a seal or a merge has left out. A
 * reader of the segment that held them may still ask for them, so that happens when the segment is
 * freed. What a crash prevents from being forgotten is forgotten with the rest of its segment.
 *
 * <p>Thread-safe.
 */
final class Forgetting {
    /** Rows forgotten before the applier turns to something else. */
    private static final int STEP_ROWS = 1024;

    private final ShardMetadata metadata;
    private final Executor applier;

    Forgetting(ShardMetadata metadata, Executor applier) {
        this.metadata = metadata;
        this.applier = applier;
    }

    /** Forgets, when the segments are freed, the rows of theirs that are not in the other. */
    void afterLastReader(List<? extends Segment> replaced, @Nullable Segment with) {
        Set<Integer> left = new HashSet<>();
        if (with != null) {
            with.origins().forEach(rows -> left.add(rows.segment()));
        }
        for (Segment segment : replaced) {
            for (RowStamps rows : segment.origins()) {
                if (left.contains(rows.segment()) && with != null) {
                    int[] dropped = dropped(rows, segment, with);
                    whenFreed(segment, () -> forgetRows(rows.segment(), dropped));
                } else {
                    whenFreed(segment, () -> metadata.forgetSegment(rows.segment()));
                }
            }
        }
    }

    private static int[] dropped(RowStamps rows, Segment from, Segment with) {
        int[] dropped = new int[rows.rows()];
        int count = 0;
        for (int ordinal = 0; ordinal < rows.rows(); ordinal++) {
            long name = RowName.of(rows.segment(), ordinal);
            if (from.ordinal(name) >= 0 && with.ordinal(name) < 0) {
                dropped[count++] = ordinal;
            }
        }
        return Arrays.copyOf(dropped, count);
    }

    private void whenFreed(Segment segment, Runnable forget) {
        segment.whenFreed(() -> {
            try {
                applier.execute(forget);
            } catch (RejectedExecutionException _) {
                // the shard closes
            }
        });
    }

    private void forgetRows(int segment, int[] ordinals) {
        int step = Math.min(STEP_ROWS, ordinals.length);
        if (step == 0) {
            return;
        }
        metadata.forgetRows(segment, Arrays.copyOf(ordinals, step));
        int[] rest = Arrays.copyOfRange(ordinals, step, ordinals.length);
        if (rest.length > 0) {
            try {
                applier.execute(() -> forgetRows(segment, rest));
            } catch (RejectedExecutionException _) {
                // the shard closes
            }
        }
    }
}
