package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.model.Binary16;
import io.arbalest.model.RowStatus;
import io.arbalest.model.Version;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/** Rows that their version keeps out are counted, and somebody is told when it does not end. */
final class DroppedRowsTest {
    private final SimulatedShard sim = new SimulatedShard();
    private final Counters counters = new Counters();

    DroppedRowsTest() {
        sim.metrics = counters;
        sim.restart();
    }

    private List<RowStatus> write(int rows, long version, float value) {
        Batches batch = sim.batch();
        for (int i = 0; i < rows; i++) {
            float[] vector = new float[SimulatedShard.DIMENSION];
            vector[0] = value;
            batch.upsert(SimulatedShard.key(1), new Version(0, version, 0), vector, "red", 1L);
        }
        return sim.write(batch).statuses();
    }

    private long counted(String what) {
        return counters.value("arbalest_engine_rows_" + what + "_total");
    }

    @Test
    void aRunOfStaleRowsIsWarnedAboutOnceItIsLong() {
        List<String> warnings = new ArrayList<>();
        Handler handler =
                new Handler() {
                    @Override
                    public void publish(LogRecord record) {
                        warnings.add(new SimpleFormatter().formatMessage(record));
                    }

                    @Override
                    public void flush() {}

                    @Override
                    public void close() {}
                };
        Logger logger = Logger.getLogger(RowApplier.class.getName());
        logger.addHandler(handler);
        try {
            write(1, 5, 1);
            write(999, 4, 1);
            write(1, 6, 1);
            write(999, 5, 1);
            assertThat(warnings).as("two runs, neither long").isEmpty();
            write(1, 5, 1);
            assertThat(warnings)
                    .singleElement()
                    .asString()
                    .contains("collection things: 1000 rows in a row", "raise the generation");
            write(500, 5, 1);
            assertThat(warnings).hasSize(1);
        } finally {
            logger.removeHandler(handler);
        }
        assertThat(counted("stale")).isEqualTo(2499);
        assertThat(sim.shard.statistics().staleRows()).isEqualTo(2499);
    }

    @Test
    void anEqualVersionChangesNothingAndIsCountedApartIfItsContentDiffers() {
        write(1, 5, 1);
        assertThat(write(2, 5, 1)).containsOnly(RowStatus.DUPLICATE);
        assertThat(counted("duplicate")).isEqualTo(2);
        assertThat(counted("conflicting")).isZero();
        assertThat(write(1, 5, 2)).containsOnly(RowStatus.DUPLICATE);
        assertThat(counted("duplicate")).isEqualTo(3);
        assertThat(counted("conflicting")).isEqualTo(1);
        Batches delete = sim.batch();
        delete.delete(SimulatedShard.key(1), new Version(0, 5, 0));
        assertThat(sim.write(delete).statuses()).containsOnly(RowStatus.DUPLICATE);
        assertThat(counted("conflicting")).isEqualTo(2);
        FoundRow row = sim.require(SimulatedShard.key(1));
        assertThat(Binary16.toFloat(Objects.requireNonNull(row.vector())[0])).isEqualTo(1);
    }
}
