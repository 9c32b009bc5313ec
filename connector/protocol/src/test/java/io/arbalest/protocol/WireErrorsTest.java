package io.arbalest.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.protocol.wire.PutCommand;
import io.arbalest.protocol.wire.Token;

import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.Ticket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.UUID;

class WireErrorsTest {
    @ParameterizedTest
    @EnumSource(ErrorCode.class)
    void everyErrorIsRestoredByTheClient(ErrorCode code) {
        ArbalestException error = new ArbalestException(code, "what, expected ä, got ü", "do this");
        FlightRuntimeException sent = FlightErrors.toFlight(error);
        ArbalestException restored = FlightErrors.fromFlight(sent, "node-0");
        assertThat(sent.status().description()).isEqualTo(error.getMessage());
        assertThat(restored.code()).isEqualTo(code);
        assertThat(restored.detail()).isEqualTo(error.detail());
        assertThat(restored.fix()).isEqualTo(error.fix());
    }

    @Test
    void anErrorWithoutACodeIsInternalAndTellsNoStackTrace() {
        FlightRuntimeException sent = FlightErrors.toFlight(new IllegalStateException("boom"));
        assertThat(sent.status().code()).isEqualTo(FlightStatusCode.INTERNAL);
        assertThat(sent.status().description())
                .startsWith("ARB-9001 ")
                .contains("boom")
                .doesNotContain("\tat ");
    }

    @Test
    void aStatusThatNoNodeWroteIsUnreachable() {
        assertThat(
                        FlightErrors.fromFlight(
                                        CallStatus.UNAVAILABLE.toRuntimeException(), "node-0")
                                .code())
                .isEqualTo(ErrorCode.UNREACHABLE);
        assertThat(
                        FlightErrors.fromFlight(CallStatus.TIMED_OUT.toRuntimeException(), "node-0")
                                .code())
                .isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
    }

    @Test
    void aCodeOfANewerReleaseIsNamed() {
        ArbalestException read =
                ErrorCodec.fromWire(
                        io.arbalest.protocol.wire.Error.newBuilder()
                                .setCode(7777)
                                .setDetail("new")
                                .build());
        assertThat(read.code()).isEqualTo(ErrorCode.INTERNAL);
        assertThat(read.detail()).contains("ARB-7777");
    }

    @Test
    void malformedDescriptorsAndTicketsAreRefused() {
        byte[] garbage = "not protobuf".getBytes(StandardCharsets.UTF_8);
        refused(
                ErrorCode.MALFORMED_REQUEST,
                () -> Descriptors.putCommand(FlightDescriptor.command(garbage)));
        refused(
                ErrorCode.MALFORMED_REQUEST,
                () -> Descriptors.putCommand(FlightDescriptor.path("x")));
        refused(ErrorCode.MALFORMED_REQUEST, () -> Descriptors.putCommand(null));
        refused(
                ErrorCode.MALFORMED_REQUEST,
                () -> Descriptors.readCommand(new Ticket(new byte[0])));
        refused(
                ErrorCode.UNSUPPORTED_FORMAT_VERSION,
                () ->
                        Descriptors.putCommand(
                                FlightDescriptor.command(
                                        PutCommand.newBuilder()
                                                .setFormatVersion(2)
                                                .build()
                                                .toByteArray())));
        assertThat(Descriptors.putCommand(Descriptors.ofCollection("packages")).getCollection())
                .isEqualTo("packages");
    }

    @Test
    void malformedTokensAreRefused() {
        Token good = TokenCodec.toWire(new ReadPosition(Definitions.INCARNATION, Map.of(1, 5L)));
        refused(ErrorCode.MALFORMED_REQUEST, () -> TokenCodec.fromBytes(new byte[0]));
        refused(ErrorCode.MALFORMED_REQUEST, () -> TokenCodec.fromBytes(new byte[] {1, 2, 3}));
        refused(
                ErrorCode.UNSUPPORTED_FORMAT_VERSION,
                () -> TokenCodec.fromWire(good.toBuilder().setFormatVersion(2).build()));
        refused(
                ErrorCode.MALFORMED_REQUEST,
                () ->
                        TokenCodec.fromWire(
                                good.toBuilder()
                                        .setIncarnation(ByteString.copyFromUtf8("short"))
                                        .build()));
        refused(
                ErrorCode.MALFORMED_REQUEST,
                () ->
                        TokenCodec.fromWire(
                                good.toBuilder().addPositions(good.getPositions(0)).build()));
    }

    @Test
    void tokensMergeByTheHigherPosition() {
        ReadPosition one = new ReadPosition(Definitions.INCARNATION, Map.of(0, 5L, 1, 9L));
        ReadPosition two = new ReadPosition(Definitions.INCARNATION, Map.of(1, 7L, 2, 1L));
        assertThat(one.merge(two).positions()).isEqualTo(Map.of(0, 5L, 1, 9L, 2, 1L));
        refused(
                ErrorCode.STALE_INCARNATION,
                () -> one.merge(new ReadPosition(new UUID(3, 3), Map.of())));
    }

    private static void refused(
            ErrorCode code, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        ArbalestException.class, e -> assertThat(e.code()).isEqualTo(code));
    }
}
