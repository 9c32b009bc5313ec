package io.arbalest.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.client.Point;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.PointKey;

import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.function.UnaryOperator;

class ArbalestSinkBuilderTest {
    private static ArbalestSinkBuilder<String> complete() {
        return ArbalestSink.<String>builder()
                .setEndpoints("index-0:7400", "[::1]:7400")
                .setCollection("things")
                .setSerializer((element, context) -> Point.delete(PointKey.of(element), null));
    }

    @Test
    void aSinkTravels() throws Exception {
        ArbalestSink<String> sink = complete().setDeliveryGuarantee(DeliveryGuarantee.NONE).build();
        assertThat(InstantiationUtil.clone(sink)).isNotNull();
    }

    @Test
    void exactlyOnceIsRefusedForNow() {
        assertRefused(
                builder -> builder.setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE),
                "not offered yet");
    }

    @Test
    void everySettingIsChecked() {
        assertRefused(builder -> builder.setEndpoints(), "no endpoints");
        assertRefused(
                builder -> builder.setEndpoints("http://index-0:7400"), "http://index-0:7400");
        assertRefused(builder -> builder.setEndpoints("index-0"), "index-0");
        assertRefused(builder -> builder.setCollection(""), "no collection");
        assertRefused(builder -> builder.setBatchRows(0), "batch rows 0");
        assertRefused(builder -> builder.setBatchDelay(Duration.ofMillis(-1)), "batch delay");
        assertRefused(builder -> builder.setMaxUnacknowledgedBytes(0), "unacknowledged");
        assertRefused(builder -> builder.setRetryTimeout(Duration.ZERO), "retry timeout");
        Object notSerializable = new Object();
        assertRefused(
                builder ->
                        builder.setSerializer((element, context) ->
                                Point.delete(PointKey.of(element + notSerializable), null)),
                "cannot be serialized");
        assertThatThrownBy(() ->
                        ArbalestSink.<String>builder()
                                .setEndpoints("a:1")
                                .setCollection("c")
                                .build())
                .hasMessageContaining("no serializer");
    }

    private static void assertRefused(
            UnaryOperator<ArbalestSinkBuilder<String>> change, String text) {
        assertThatThrownBy(() -> change.apply(complete()).build())
                .hasMessageContaining(text)
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIGURATION));
    }
}
