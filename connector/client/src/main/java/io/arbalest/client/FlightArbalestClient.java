package io.arbalest.client;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.NodeInfo;
import io.arbalest.model.PointKey;
import io.arbalest.protocol.ActionNames;
import io.arbalest.protocol.DefinitionCodec;
import io.arbalest.protocol.ImageCodec;
import io.arbalest.protocol.wire.AddField;
import io.arbalest.protocol.wire.CollectionState;
import io.arbalest.protocol.wire.CreateCollection;
import io.arbalest.protocol.wire.DropCollection;
import io.arbalest.protocol.wire.ShardStatus;
import io.arbalest.protocol.wire.ShardStatusReply;
import io.arbalest.protocol.wire.ShardStatusRequest;

import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The client over Flight.
 *
 * <p>Thread-safe. Owns its threads, connections and Arrow memory, and the writers that were not
 * closed before it.
 */
final class FlightArbalestClient implements ArbalestClient {
    private static final String NEEDED_FLAG = "--add-opens=java.base/java.nio=ALL-UNNAMED";
    private static final System.Logger LOG = System.getLogger(FlightArbalestClient.class.getName());

    private final ClientOptions options;
    private final BufferAllocator allocator;
    private final ClientThreads threads;
    private final NodeConnections connections;
    private final ClusterView view;
    private final Reads reads;
    private final Set<FlightPointWriter> writers = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean closed = new AtomicBoolean();

    private FlightArbalestClient(List<Endpoint> seeds, ClientOptions options) {
        this.options = options;
        this.allocator = new RootAllocator(options.maxBufferBytes());
        this.threads = new ClientThreads();
        this.connections = new NodeConnections(allocator, threads, options.connectTimeout());
        this.view = new ClusterView(seeds, connections, options);
        this.reads = new Reads(view, connections, options.maxConcurrentReads());
    }

    static FlightArbalestClient connect(List<String> endpoints, ClientOptions options) {
        requireOpenBuffers();
        if (endpoints.isEmpty()) {
            throw new ArbalestException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "no endpoint is given",
                    "give at least one, for example 127.0.0.1:7400");
        }
        return new FlightArbalestClient(endpoints.stream().map(Endpoint::parse).toList(), options);
    }

    /** Without the flag, Arrow fails later and in words that do not say what to do. */
    private static void requireOpenBuffers() {
        Module arrow = arrowModule();
        if (!ByteBuffer.class.getModule().isOpen("java.nio", arrow)) {
            throw new ArbalestException(
                    ErrorCode.MISSING_RUNTIME,
                    "Apache Arrow cannot reach java.nio in this JVM",
                    "start it with " + NEEDED_FLAG + " (for Flink: env.java.opts.all)");
        }
    }

    private static Module arrowModule() {
        try {
            // Not initialised: its initialiser is what fails.
            return Class.forName(
                            "org.apache.arrow.memory.util.MemoryUtil",
                            false,
                            FlightArbalestClient.class.getClassLoader())
                    .getModule();
        } catch (ClassNotFoundException e) {
            throw new ArbalestException(
                    ErrorCode.MISSING_RUNTIME,
                    "Apache Arrow is not on the class path",
                    "add arrow-memory-unsafe",
                    e);
        }
    }

    ClusterView view() {
        return view;
    }

    NodeConnections connections() {
        return connections;
    }

    ClientThreads threads() {
        return threads;
    }

    BufferAllocator allocator() {
        return allocator;
    }

    ClientOptions options() {
        return options;
    }

    @Override
    public ClusterImage image() {
        return view.image();
    }

    @Override
    public ClusterImage refresh() {
        return view.refresh();
    }

    @Override
    public ClusterImage.Collection createCollection(
            CollectionDefinition definition, boolean ifNotExists) {
        CreateCollection request =
                CreateCollection.newBuilder()
                        .setDefinition(
                                DefinitionCodec.toWire(definition).toBuilder().clearIncarnation())
                        .setIfNotExists(ifNotExists)
                        .build();
        ClusterImage.Collection created =
                ImageCodec.fromWire(
                        view.callAny(
                                ActionNames.CREATE_COLLECTION, request, CollectionState.parser()));
        view.awaitCollection(created.definition());
        return created;
    }

    @Override
    public ClusterImage.Collection addField(String collection, Field field) {
        AddField request =
                AddField.newBuilder()
                        .setCollection(collection)
                        .setField(DefinitionCodec.toWire(field))
                        .build();
        ClusterImage.Collection grown =
                ImageCodec.fromWire(
                        view.callAny(ActionNames.ADD_FIELD, request, CollectionState.parser()));
        view.awaitFields(grown.definition());
        return grown;
    }

    @Override
    public DeletedPoints deleteWhere(String collection, DeleteOptions deleteOptions) {
        ClusterImage.Collection known = view.refresh().requireCollection(collection);
        return new FilteredDelete(
                        connections, threads, view.image(), known.definition(), deleteOptions)
                .run();
    }

    @Override
    public void dropCollection(String name, boolean ifExists) {
        DropCollection request =
                DropCollection.newBuilder().setName(name).setIfExists(ifExists).build();
        view.learn(
                ImageCodec.fromWire(
                        view.callAny(
                                ActionNames.DROP_COLLECTION,
                                request,
                                io.arbalest.protocol.wire.ClusterImage.parser())));
    }

    @Override
    public List<ShardReport> shardReports(String collection) {
        ClusterImage image = view.refresh();
        image.requireCollection(collection);
        byte[] body =
                ShardStatusRequest.newBuilder().setCollection(collection).build().toByteArray();
        List<CompletableFuture<List<ShardReport>>> asked = new ArrayList<>();
        for (NodeInfo node : image.nodes().values()) {
            asked.add(
                    CompletableFuture.supplyAsync(
                            () -> shardReports(node, body), threads.callers()));
        }
        List<ShardReport> reports = new ArrayList<>();
        for (CompletableFuture<List<ShardReport>> answer : asked) {
            try {
                reports.addAll(
                        answer.get(2 * options.connectTimeout().toMillis(), TimeUnit.MILLISECONDS));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                break;
            } catch (ExecutionException | TimeoutException e) {
                LOG.log(
                        System.Logger.Level.DEBUG,
                        "a node did not report its shards: {0}",
                        e.toString());
            }
        }
        reports.sort(
                Comparator.comparing(ShardReport::collection)
                        .thenComparingInt(ShardReport::shard)
                        .thenComparing(ShardReport::node));
        return reports;
    }

    private List<ShardReport> shardReports(NodeInfo node, byte[] body) {
        ShardStatusReply reply =
                connections
                        .to(Endpoint.of(node))
                        .call(
                                ActionNames.SHARD_STATUS,
                                body,
                                ShardStatusReply.parser(),
                                options.connectTimeout());
        return reply.getShardsList().stream().map(shard -> report(reply.getNode(), shard)).toList();
    }

    private static ShardReport report(String node, ShardStatus shard) {
        return new ShardReport(
                node,
                shard.getCollection(),
                shard.getShard(),
                shard.getTerm(),
                shard.getState(),
                shard.getDurableSequenceNumber(),
                shard.getAppliedSequenceNumber(),
                shard.getLivePoints(),
                shard.getLinkedPoints(),
                shard.getTailPoints(),
                shard.getTombstones(),
                shard.getStaleRows(),
                shard.getDuplicateRows(),
                shard.getWalBytes(),
                shard.getError());
    }

    @Override
    public PointWriter openWriter(
            String collection,
            WriterOptions writerOptions,
            PointWriter.RejectionHandler rejections) {
        FlightPointWriter writer =
                new FlightPointWriter(
                        this,
                        view.collection(collection),
                        writerOptions,
                        rejections,
                        writers::remove);
        writers.add(writer);
        return writer;
    }

    @Override
    public Token write(String collection, List<Point> points) {
        PointWriter writer =
                openWriter(collection, WriterOptions.DEFAULT, PointWriter.RejectionHandler.FAIL);
        try (writer) {
            for (Point point : points) {
                writer.write(point);
            }
            return writer.flush().get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ArbalestException(
                    ErrorCode.DEADLINE_EXCEEDED,
                    "interrupted while writing; some points may be stored",
                    "write again",
                    e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof ArbalestException coded
                    ? coded
                    : new ArbalestException(
                            ErrorCode.INTERNAL, String.valueOf(e.getCause()), "", e);
        }
    }

    @Override
    public SearchResult search(String collection, List<float[]> queries, SearchQuery query) {
        return reads.search(collection, queries, query);
    }

    @Override
    public Map<PointKey, Hit> get(String collection, List<PointKey> keys, GetOptions getOptions) {
        return reads.get(collection, keys, getOptions);
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        List.copyOf(writers).forEach(FlightPointWriter::abandon);
        connections.close();
        threads.close();
        try {
            allocator.close();
        } catch (IllegalStateException e) {
            throw new ArbalestException(
                    ErrorCode.INTERNAL,
                    "the client left Arrow buffers behind: " + e.getMessage(),
                    "report it",
                    e);
        }
    }
}
