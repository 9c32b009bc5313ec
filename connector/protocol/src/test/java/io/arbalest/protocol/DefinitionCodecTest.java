package io.arbalest.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.HnswParams;
import io.arbalest.model.IndexCodes;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.UUID;

class DefinitionCodecTest {
    @Test
    void everyChoiceOfCodesComesBack() {
        for (IndexCodes.Kind kind : IndexCodes.Kind.values()) {
            for (IndexCodes.Layout layout : IndexCodes.Layout.values()) {
                boolean fast = layout == IndexCodes.Layout.FAST;
                boolean balanced = layout == IndexCodes.Layout.BALANCED;
                boolean allowed =
                        switch (kind) {
                            case AUTO -> true;
                            case NONE, BYTES, NIBBLES -> !fast;
                            case SIGNS -> !balanced;
                        };
                if (!allowed) {
                    assertThatThrownBy(() -> new IndexCodes(kind, layout))
                            .isInstanceOfSatisfying(
                                    ArbalestException.class,
                                    e ->
                                            assertThat(e.code())
                                                    .isEqualTo(ErrorCode.INVALID_DEFINITION));
                    continue;
                }
                CollectionDefinition definition = definition(new IndexCodes(kind, layout));
                assertThat(DefinitionCodec.fromWire(DefinitionCodec.toWire(definition)))
                        .isEqualTo(definition);
            }
        }
    }

    @Test
    void aSenderThatKnowsNoCodesLeavesThemToTheMeasurement() {
        var wire = DefinitionCodec.toWire(definition(IndexCodes.AUTO));
        var older =
                wire.toBuilder()
                        .setHnsw(wire.getHnsw().toBuilder().clearCodes().clearLayout())
                        .build();
        assertThat(older).isEqualTo(wire);
        assertThat(DefinitionCodec.fromWire(older).hnsw().codes()).isEqualTo(IndexCodes.AUTO);
    }

    @Test
    void unknownCodesAreRefused() {
        var wire = DefinitionCodec.toWire(definition(IndexCodes.AUTO));
        var newer = wire.toBuilder().setHnsw(wire.getHnsw().toBuilder().setCodesValue(77)).build();
        assertThatThrownBy(() -> DefinitionCodec.fromWire(newer))
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_DEFINITION));
    }

    private static CollectionDefinition definition(IndexCodes codes) {
        return new CollectionDefinition(
                "packages",
                new UUID(1, 2),
                KeyType.INT64,
                768,
                Metric.COSINE,
                new HnswParams(16, 200, 100, codes),
                List.of(),
                1,
                1);
    }
}
