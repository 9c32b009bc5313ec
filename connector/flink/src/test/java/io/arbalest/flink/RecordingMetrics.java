package io.arbalest.flink;

import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.metrics.groups.OperatorIOMetricGroup;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A metric group that tests can read.
 *
 * <p>Confined to one thread.
 */
final class RecordingMetrics extends UnregisteredMetricsGroup implements SinkWriterMetricGroup {
    final Counter records = new SimpleCounter();
    final Counter bytes = new SimpleCounter();
    final Counter errors = new SimpleCounter();
    private final Map<String, Gauge<?>> gauges = new HashMap<>();

    Object value(String gauge) {
        return Objects.requireNonNull(gauges.get(gauge), gauge).getValue();
    }

    @Override
    public MetricGroup addGroup(String name) {
        return new UnregisteredMetricsGroup() {
            @Override
            public <T, G extends Gauge<T>> G gauge(String gauge, G value) {
                gauges.put(name + "." + gauge, value);
                return value;
            }
        };
    }

    @Override
    public OperatorIOMetricGroup getIOMetricGroup() {
        return UnregisteredMetricsGroup.createOperatorIOMetricGroup();
    }

    @Override
    public Counter getNumRecordsOutErrorsCounter() {
        return errors;
    }

    @Override
    public Counter getNumRecordsSendErrorsCounter() {
        return errors;
    }

    @Override
    public Counter getNumRecordsSendCounter() {
        return records;
    }

    @Override
    public Counter getNumBytesSendCounter() {
        return bytes;
    }

    @Override
    public void setCurrentSendTimeGauge(Gauge<Long> gauge) {
        gauges.put("currentSendTime", gauge);
    }
}
