package io.arbalest.flink;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.client.Point;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.api.java.typeutils.PojoTypeInfo;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.WebOptions;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A job in a cluster inside this JVM: it fails once after a checkpoint, restarts, and nothing is
 * missing.
 */
class ArbalestSinkJobTest {
    private static final int ELEMENTS = 3_000;

    /** Clients of the running job by creation; static because the sink travels by serialization. */
    private static final Set<RecordingClient> CLIENTS = ConcurrentHashMap.newKeySet();

    private static final AtomicBoolean FAILED = new AtomicBoolean();

    @Test
    void everyElementIsAcknowledgedDespiteAFailure(@TempDir Path directory) throws Exception {
        CLIENTS.clear();
        FAILED.set(false);
        Configuration configuration = new Configuration();
        configuration.set(WebOptions.TMP_DIR, directory.toString());
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
        configuration.set(
                RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(10));
        StreamExecutionEnvironment environment =
                StreamExecutionEnvironment.createLocalEnvironment(2, configuration);
        environment.enableCheckpointing(100);
        environment
                .fromSource(
                        new DataGeneratorSource<Long>(
                                index -> index,
                                ELEMENTS,
                                RateLimiterStrategy.perSecond(2_000),
                                Types.LONG),
                        WatermarkStrategy.noWatermarks(),
                        "numbers")
                .map(new FailingOnce())
                .sinkTo(
                        ArbalestSink.<Long>builder()
                                .setEndpoints("unused:1")
                                .setCollection("numbers")
                                .setSerializer(ArbalestSinkJobTest::point)
                                .setClientFactory(endpoints -> newClient())
                                .build());
        environment.execute();
        Set<Long> keys = new HashSet<>();
        CLIENTS.forEach(
                client -> client.acknowledged.forEach(point -> keys.add(point.key().asLong())));
        assertThat(FAILED).isTrue();
        assertThat(keys).hasSize(ELEMENTS);
        assertThat(CLIENTS)
                .as("one a subtask and attempt")
                .hasSizeGreaterThan(2)
                .allMatch(RecordingClient::closed);
    }

    private static RecordingClient newClient() {
        RecordingClient client = new RecordingClient();
        CLIENTS.add(client);
        return client;
    }

    private static Point point(Long element, SinkWriter.Context context) {
        return Point.upsert(
                PointKey.of(element), new float[] {1}, Map.of(), new Version(0, element, 0));
    }

    @Test
    void aDeadLetterNeedsNoKryo() {
        TypeInformation<DeadLetter> type = TypeInformation.of(DeadLetter.class);
        assertThat(type).isInstanceOf(PojoTypeInfo.class);
        assertThat(type.isKeyType()).isTrue();
    }

    /** Fails the job once, after its first completed checkpoint. */
    private static final class FailingOnce extends RichMapFunction<Long, Long>
            implements CheckpointListener {
        private transient boolean checkpointed;

        @Override
        public Long map(Long value) {
            if (checkpointed && FAILED.compareAndSet(false, true)) {
                throw new IllegalStateException("on purpose, once");
            }
            return value;
        }

        @Override
        public void notifyCheckpointComplete(long checkpointId) {
            checkpointed = true;
        }
    }
}
