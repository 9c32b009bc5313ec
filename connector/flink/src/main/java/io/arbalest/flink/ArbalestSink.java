package io.arbalest.flink;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.PointWriter;
import io.arbalest.client.WriterOptions;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.DeliveryGuarantee;

import java.io.IOException;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;

/**
 * Writes a stream into a collection of an Arbalest cluster.
 *
 * <pre>{@code
 * stream.sinkTo(
 *         ArbalestSink.<Article>builder()
 *                 .setEndpoints("index-0:7400", "index-1:7400")
 *                 .setCollection("articles")
 *                 .setSerializer(new ArticleSerializer())
 *                 .build());
 * }</pre>
 *
 * <p>With {@link DeliveryGuarantee#AT_LEAST_ONCE}, the default, a checkpoint completes only when
 * every point written before it is durable and searchable. Points carry a key and a version and the
 * highest version wins, so a replay after a failure leaves the collection as one undisturbed run
 * would. With {@link DeliveryGuarantee#NONE} a checkpoint waits for nothing. A point that a server
 * refuses fails the job.
 *
 * <p>Immutable.
 *
 * @param <T> the stream's elements
 */
@PublicEvolving
public final class ArbalestSink<T> implements Sink<T> {
    private static final long serialVersionUID = 1L;

    private final List<String> endpoints;
    private final String collection;
    private final PointSerializer<T> serializer;
    private final DeliveryGuarantee guarantee;
    private final Batching batching;
    private final ClientFactory clients;

    /** What of {@link WriterOptions} the builder sets; serializable. */
    record Batching(
            int rows,
            Duration delay,
            long maxUnacknowledgedBytes,
            Duration retryTimeout,
            boolean acceptOlder)
            implements Serializable {
        WriterOptions options(int subtask) {
            return new WriterOptions(
                    "", subtask, 0, rows, delay, maxUnacknowledgedBytes, retryTimeout, acceptOlder);
        }
    }

    ArbalestSink(
            List<String> endpoints,
            String collection,
            PointSerializer<T> serializer,
            DeliveryGuarantee guarantee,
            Batching batching,
            ClientFactory clients) {
        this.endpoints = endpoints;
        this.collection = collection;
        this.serializer = serializer;
        this.guarantee = guarantee;
        this.batching = batching;
        this.clients = clients;
    }

    /** A builder of sinks for elements of type {@code T}. */
    public static <T> ArbalestSinkBuilder<T> builder() {
        return new ArbalestSinkBuilder<>();
    }

    @Override
    public SinkWriter<T> createWriter(WriterInitContext context) throws IOException {
        checkOpen();
        try {
            serializer.open(context.asSerializationSchemaInitializationContext());
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException("the point serializer cannot be opened", e);
        }
        ArbalestClient client =
                OpenClients.add(clients.connect(endpoints), context.getUserCodeClassLoader());
        try {
            int subtask = context.getTaskInfo().getIndexOfThisSubtask();
            PointWriter points =
                    client.openWriter(
                            collection,
                            batching.options(subtask),
                            PointWriter.RejectionHandler.FAIL);
            return new ArbalestSinkWriter<>(
                    client, points, serializer, guarantee, context.metricGroup());
        } catch (RuntimeException e) {
            OpenClients.close(client);
            throw e;
        }
    }

    /**
     * Arrow needs java.nio opened; Flink's default configuration does it, but an own
     * env.java.opts.all may undo that.
     */
    private static void checkOpen() {
        if (!ByteBuffer.class.getModule().isOpen("java.nio", ArbalestSink.class.getModule())) {
            throw new ArbalestException(
                    ErrorCode.MISSING_RUNTIME,
                    "this JVM was started without --add-opens=java.base/java.nio=ALL-UNNAMED, which"
                            + " Apache Arrow needs",
                    "add it to env.java.opts.all in Flink's config.yaml, or to the JVM's arguments"
                            + " in an IDE");
        }
    }
}
