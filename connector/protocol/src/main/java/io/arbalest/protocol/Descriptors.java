package io.arbalest.protocol;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.protocol.wire.PutCommand;
import io.arbalest.protocol.wire.ReadCommand;

import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.memory.ArrowBuf;
import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * Flight descriptors and tickets: a protobuf command that starts with its format version, or, for
 * writers that know nothing of Arbalest but Arrow, the path {@code ["collections", NAME]}.
 *
 * <p>What cannot be read is refused with {@link ErrorCode#MALFORMED_REQUEST}, {@link
 * ErrorCode#LIMIT_EXCEEDED} or {@link ErrorCode#UNSUPPORTED_FORMAT_VERSION}.
 *
 * <p>Thread-safe: no state.
 */
public final class Descriptors {
    /** Version of every command and token of this release. */
    public static final int FORMAT_VERSION = 1;

    /** First element of a descriptor's path. */
    public static final String COLLECTIONS = "collections";

    private Descriptors() {}

    public static FlightDescriptor ofPut(PutCommand command) {
        return FlightDescriptor.command(
                command.toBuilder().setFormatVersion(FORMAT_VERSION).build().toByteArray());
    }

    /** Descriptor of a DoExchange. */
    public static FlightDescriptor ofRead(ReadCommand command) {
        return FlightDescriptor.command(
                command.toBuilder().setFormatVersion(FORMAT_VERSION).build().toByteArray());
    }

    /** Ticket of a DoGet. */
    public static Ticket ticketOf(ReadCommand command) {
        return new Ticket(
                command.toBuilder().setFormatVersion(FORMAT_VERSION).build().toByteArray());
    }

    /** The path form: everything but the collection's name at its default. */
    public static FlightDescriptor ofCollection(String name) {
        return FlightDescriptor.path(COLLECTIONS, name);
    }

    /** The command of a DoPut, whichever form the descriptor has. */
    public static PutCommand putCommand(@Nullable FlightDescriptor descriptor) {
        if (descriptor == null) {
            throw malformed("the stream has no descriptor", null);
        }
        if (!descriptor.isCommand()) {
            List<String> path = descriptor.getPath();
            if (path.size() != 2 || !path.get(0).equals(COLLECTIONS)) {
                throw malformed("the path is " + path + ", expected [collections, NAME]", null);
            }
            return PutCommand.newBuilder()
                    .setFormatVersion(FORMAT_VERSION)
                    .setCollection(path.get(1))
                    .build();
        }
        PutCommand command = parse(PutCommand.parser(), descriptor.getCommand(), "PutCommand");
        checkFormatVersion(command.getFormatVersion(), "PutCommand");
        return command;
    }

    /** The command of a DoExchange. */
    public static ReadCommand readCommand(@Nullable FlightDescriptor descriptor) {
        if (descriptor == null || !descriptor.isCommand()) {
            throw malformed("the descriptor holds no command", null);
        }
        return readCommand(descriptor.getCommand());
    }

    /** The command of a DoGet's ticket. */
    public static ReadCommand readCommand(Ticket ticket) {
        return readCommand(ticket.getBytes());
    }

    private static ReadCommand readCommand(byte[] bytes) {
        ReadCommand command = parse(ReadCommand.parser(), bytes, "ReadCommand");
        checkFormatVersion(command.getFormatVersion(), "ReadCommand");
        if (command.getKindCase() == ReadCommand.KindCase.KIND_NOT_SET) {
            throw malformed("the ReadCommand asks for nothing", null);
        }
        return command;
    }

    /** Reads a message; {@code name} is the message's name for the error. */
    public static <M extends Message> M parse(Parser<M> parser, byte[] bytes, String name) {
        checkLength(bytes.length, name);
        try {
            return parser.parseFrom(bytes);
        } catch (InvalidProtocolBufferException e) {
            throw malformed("the bytes are not a " + name, e);
        }
    }

    /**
     * Reads app_metadata without copying it on the way; null is refused. The buffer stays the
     * caller's.
     */
    public static <M extends Message> M parse(
            Parser<M> parser, @Nullable ArrowBuf buffer, String name) {
        if (buffer == null) {
            throw malformed("the batch carries no " + name + " in its app_metadata", null);
        }
        checkLength(buffer.readableBytes(), name);
        byte[] bytes = new byte[(int) buffer.readableBytes()];
        buffer.getBytes(buffer.readerIndex(), bytes);
        return parse(parser, bytes, name);
    }

    /** Refuses a version that this release does not know. */
    public static void checkFormatVersion(int version, String name) {
        if (version == 0) {
            throw malformed("the " + name + " has no format version", null);
        }
        if (version != FORMAT_VERSION) {
            throw new ArbalestException(
                    ErrorCode.UNSUPPORTED_FORMAT_VERSION,
                    name
                            + " has format version "
                            + version
                            + ", this release reads "
                            + FORMAT_VERSION,
                    "use client and server of matching releases");
        }
    }

    private static void checkLength(long length, String name) {
        if (length > WireLimits.MAX_COMMAND_BYTES) {
            throw new ArbalestException(
                    ErrorCode.LIMIT_EXCEEDED,
                    "the "
                            + name
                            + " has "
                            + length
                            + " bytes, at most "
                            + WireLimits.MAX_COMMAND_BYTES
                            + " are allowed",
                    "send fewer queries or keys per request");
        }
    }

    private static ArbalestException malformed(String why, @Nullable Throwable cause) {
        return new ArbalestException(
                ErrorCode.MALFORMED_REQUEST,
                why,
                "send the messages of wire.proto with format_version " + FORMAT_VERSION,
                cause);
    }
}
