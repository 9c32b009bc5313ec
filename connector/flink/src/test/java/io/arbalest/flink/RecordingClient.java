package io.arbalest.flink;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.DeletedPoints;
import io.arbalest.client.Hit;
import io.arbalest.client.Point;
import io.arbalest.client.PointWriter;
import io.arbalest.client.SearchQuery;
import io.arbalest.client.SearchResult;
import io.arbalest.client.Token;
import io.arbalest.client.WriterOptions;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.PointKey;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * A client whose one writer keeps what it is given: written points are pending until a flush
 * acknowledges them.
 *
 * <p>Thread-safe.
 */
final class RecordingClient implements ArbalestClient {
    final List<Point> acknowledged = Collections.synchronizedList(new ArrayList<>());
    private final List<Point> pending = new ArrayList<>();
    private @Nullable ArbalestException failure;
    private boolean held;
    private boolean closed;
    private boolean writerClosed;
    private long bytes;

    /** Lets every later write and flush fail. */
    synchronized void fail(ErrorCode code) {
        failure = new ArbalestException(code, "as told by the test", "");
    }

    /** Lets flushes wait until {@link #release}. */
    synchronized void hold() {
        held = true;
    }

    synchronized void release() {
        held = false;
        notifyAll();
    }

    synchronized boolean closed() {
        return closed;
    }

    synchronized boolean writerClosed() {
        return writerClosed;
    }

    @Override
    public PointWriter openWriter(
            String collection, WriterOptions options, PointWriter.RejectionHandler rejections) {
        return new RecordingWriter();
    }

    @Override
    public synchronized void close() {
        closed = true;
    }

    private final class RecordingWriter implements PointWriter {
        @Override
        public void write(Point point) {
            synchronized (RecordingClient.this) {
                throwFailure();
                pending.add(point);
                bytes += 10;
            }
        }

        @Override
        public CompletableFuture<Token> flush() {
            synchronized (RecordingClient.this) {
                if (failure != null) {
                    return CompletableFuture.failedFuture(failure);
                }
            }
            return CompletableFuture.supplyAsync(this::acknowledge);
        }

        private Token acknowledge() {
            synchronized (RecordingClient.this) {
                try {
                    while (held) {
                        RecordingClient.this.wait();
                    }
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                acknowledged.addAll(pending);
                pending.clear();
                return new Token(new byte[0]);
            }
        }

        @Override
        public long unacknowledged() {
            synchronized (RecordingClient.this) {
                return pending.size();
            }
        }

        @Override
        public Statistics statistics() {
            synchronized (RecordingClient.this) {
                return new Statistics(acknowledged.size(), 2, 3, 4, 1, bytes, 5);
            }
        }

        @Override
        public void close() {
            synchronized (RecordingClient.this) {
                writerClosed = true;
            }
        }

        private void throwFailure() {
            if (failure != null) {
                throw failure;
            }
        }
    }

    @Override
    public ClusterImage image() {
        throw new UnsupportedOperationException();
    }

    @Override
    public ClusterImage refresh() {
        throw new UnsupportedOperationException();
    }

    @Override
    public ClusterImage.Collection createCollection(
            CollectionDefinition definition, boolean ifNotExists) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ClusterImage.Collection addField(String collection, Field field) {
        throw new UnsupportedOperationException();
    }

    @Override
    public DeletedPoints deleteWhere(String collection, DeleteOptions options) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void dropCollection(String name, boolean ifExists) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<ShardReport> shardReports(String collection) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Token write(String collection, List<Point> points) {
        throw new UnsupportedOperationException();
    }

    @Override
    public SearchResult search(String collection, List<float[]> queries, SearchQuery query) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Map<PointKey, Hit> get(String collection, List<PointKey> keys, GetOptions options) {
        throw new UnsupportedOperationException();
    }
}
