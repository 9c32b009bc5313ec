package io.arbalest.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.model.ErrorCode;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

@Timeout(60)
class ReadsTest {
    private static final float[] QUERY = {1, 0, 0, 0};

    /** Points p0 .. pn-1 whose score for {@link #QUERY} is their number. */
    private static List<Point> points(int count) {
        return IntStream.range(0, count)
                .mapToObj(n ->
                        Point.upsert(
                                PointKey.of("p" + n),
                                new float[] {n, 1, 0, 0},
                                Map.of("section", "s" + n % 3, "size", (long) n),
                                new Version(0, n, 0)))
                .toList();
    }

    @Test
    void theBestOfAllNodesAreMergedByScoreThenKey() throws Exception {
        try (FakeCluster cluster = new FakeCluster(3, 3);
                ArbalestClient client = cluster.connect()) {
            List<Point> points = new ArrayList<>(points(200));
            points.add(
                    Point.upsert(PointKey.of("o199"), new float[] {199, 1, 0, 0}, Map.of(), null));
            Token token = client.write("packages", points);
            SearchResult result =
                    client.search(
                            "packages",
                            List.of(QUERY, new float[] {-1, 0, 0, 0}),
                            SearchQuery.nearest(4).withIncludeVector(true).withToken(token));

            assertThat(result.partial()).isFalse();
            assertThat(result.hits().get(0))
                    .extracting(hit -> hit.key().toString())
                    .containsExactly("o199", "p199", "p198", "p197");
            assertThat(result.hits().get(1))
                    .extracting(hit -> hit.key().toString())
                    .containsExactly("p0", "p1", "p2", "p3");
            Hit hit = result.hits().get(0).get(1);
            assertThat(hit.score()).isEqualTo(199);
            assertThat(hit.metadata()).isEqualTo(Map.of("section", "s1", "size", 199L));
            assertThat(hit.vector()).isEqualTo(points.get(199).vector());
            assertThat(result.statistics().scored()).isEqualTo(2 * 201);
        }
    }

    @Test
    void aNodeThatIsDownMakesTheAnswerPartial() throws Exception {
        try (FakeCluster cluster = new FakeCluster(2, 2);
                ArbalestClient client = cluster.connect()) {
            Token unused = client.write("packages", points(50));
            cluster.nodes.get(1).close();
            SearchResult result = client.search("packages", List.of(QUERY), SearchQuery.nearest(3));
            assertThat(result.missing()).containsOnlyKeys(1);
            assertThat(Objects.requireNonNull(result.missing().get(1)).code())
                    .isEqualTo(ErrorCode.UNREACHABLE);
            assertThat(result.hits().get(0)).hasSize(3);
            assertThatThrownBy(() ->
                            client.get(
                                    "packages",
                                    points(50).stream().map(Point::key).toList(),
                                    ArbalestClient.GetOptions.DEFAULT))
                    .hasMessageContaining("ARB-2102")
                    .hasMessageContaining("shard 1");
            cluster.nodes.set(
                    1,
                    new FakeNode(
                            "node-1",
                            cluster.image().node("node-1").orElseThrow().flightPort(),
                            cluster::image));
            while (client.search("packages", List.of(QUERY), SearchQuery.nearest(3)).partial()) {
                Thread.onSpinWait(); // until the client looks again; bounded by the class's timeout
            }
        }
    }

    @Test
    void aMissingShardIsNamedAndAllMissingIsAnError() throws Exception {
        try (FakeCluster cluster = new FakeCluster(1, 2);
                ArbalestClient client = cluster.connect()) {
            cluster.nodes.get(0).missingShards =
                    Map.of(1, FakeNode.error(ErrorCode.SHARD_NOT_READY));
            SearchResult result = client.search("packages", List.of(QUERY), SearchQuery.nearest(3));
            assertThat(result.missing()).containsOnlyKeys(1);
            cluster.nodes.get(0).readError = FakeNode.error(ErrorCode.TOKEN_TIMEOUT);
            assertThatThrownBy(
                            () -> client.search("packages", List.of(QUERY), SearchQuery.nearest(3)))
                    .hasMessageContaining("ARB-2104");
        }
    }

    @Test
    void aRequestThatIsWrongIsRefusedNotPartial() throws Exception {
        try (FakeCluster cluster = new FakeCluster(2, 2);
                ArbalestClient client = cluster.connect()) {
            cluster.nodes.get(0).readError = FakeNode.error(ErrorCode.FILTER_SYNTAX);
            assertThatThrownBy(() ->
                            client.search(
                                    "packages",
                                    List.of(QUERY),
                                    SearchQuery.nearest(3).withFilter("=")))
                    .hasMessageContaining("ARB-1202");
            assertThatThrownBy(() ->
                            client.search(
                                    "packages", List.of(new float[3]), SearchQuery.nearest(3)))
                    .hasMessageContaining("ARB-1101");
            assertThatThrownBy(() -> client.search("nope", List.of(QUERY), SearchQuery.nearest(3)))
                    .hasMessageContaining("ARB-1301");
            assertThatThrownBy(() ->
                            client.search(
                                    "packages",
                                    List.of(QUERY),
                                    SearchQuery.nearest(3).withFields(List.of("x"))))
                    .hasMessageContaining("ARB-1201");
        }
    }

    @Test
    void aMovedShardIsFollowed() throws Exception {
        try (FakeCluster cluster = new FakeCluster(2, 1);
                ArbalestClient client = cluster.connect()) {
            Token unused = client.write("packages", points(5));
            cluster.nodes.get(1).rows.putAll(cluster.nodes.get(0).rows);
            cluster.assign(new UUID(1, 1), List.of("node-1"));
            cluster.nodes.get(0).readError = FakeNode.error(ErrorCode.NOT_OWNER);
            SearchResult result = client.search("packages", List.of(QUERY), SearchQuery.nearest(2));
            assertThat(result.partial()).isFalse();
            assertThat(result.hits().get(0)).hasSize(2);
        }
    }

    @Test
    void aRecreatedCollectionIsSearchedAfterAllWithItsNewDefinition() throws Exception {
        try (FakeCluster cluster = new FakeCluster(1, 1);
                ArbalestClient client = cluster.connect()) {
            Token unused = client.write("packages", points(5));
            cluster.assign(new UUID(7, 7), List.of("node-0"));
            cluster.nodes.get(0).readError = FakeNode.error(ErrorCode.STALE_INCARNATION);
            assertThatThrownBy(
                            () -> client.search("packages", List.of(QUERY), SearchQuery.nearest(2)))
                    .hasMessageContaining("ARB-1304");
            cluster.nodes.get(0).readError = null;
            assertThat(
                            client.search("packages", List.of(QUERY), SearchQuery.nearest(2))
                                    .hits()
                                    .get(0))
                    .hasSize(2);
        }
    }

    @Test
    void aSilentNodeCostsTheTimeoutAndIsNamed() throws Exception {
        try (FakeCluster cluster = new FakeCluster(2, 2);
                ArbalestClient client = cluster.connect()) {
            Token unused = client.write("packages", points(20));
            cluster.nodes.get(1).silentReads = true;
            SearchResult result =
                    client.search(
                            "packages",
                            List.of(QUERY),
                            SearchQuery.nearest(2).withTimeout(Duration.ofMillis(200)));
            assertThat(result.missing()).containsOnlyKeys(1);
            assertThat(Objects.requireNonNull(result.missing().get(1)).code())
                    .isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
        }
    }

    @Test
    void getAnswersInTheOrderOfTheKeys() throws Exception {
        try (FakeCluster cluster = new FakeCluster(3, 5);
                ArbalestClient client = cluster.connect()) {
            Token token = client.write("packages", points(30));
            Map<PointKey, Hit> found =
                    client.get(
                            "packages",
                            List.of(PointKey.of("p9"), PointKey.of("nope"), PointKey.of("p3")),
                            new ArbalestClient.GetOptions(
                                    List.of("size"),
                                    true,
                                    Optional.of(token),
                                    Duration.ofSeconds(5)));
            assertThat(found.keySet()).containsExactly(PointKey.of("p9"), PointKey.of("p3"));
            Hit first = Objects.requireNonNull(found.get(PointKey.of("p9")));
            assertThat(first.metadata()).isEqualTo(Map.of("size", 9L));
            assertThat(first.version()).isEqualTo(new Version(0, 9, 0));
            assertThat(first.score()).isNaN();
        }
    }

    @Test
    void manyCallersShareOneStreamPerNode() throws Exception {
        try (FakeCluster cluster = new FakeCluster(2, 2);
                ArbalestClient client = cluster.connect()) {
            Token unused = client.write("packages", points(100));
            List<CompletableFuture<SearchResult>> running = new ArrayList<>();
            for (int number = 0; number < 200; number++) {
                float sign = number % 2 == 0 ? 1 : -1;
                running.add(
                        CompletableFuture.supplyAsync(() ->
                                client.search(
                                        "packages",
                                        List.of(new float[] {sign, 0, 0, 0}),
                                        SearchQuery.nearest(1))));
            }
            for (int number = 0; number < 200; number++) {
                assertThat(running.get(number).get().hits().get(0).get(0).key().toString())
                        .isEqualTo(number % 2 == 0 ? "p99" : "p0");
            }
            assertThat(cluster.nodes).allMatch(node -> node.exchangesOpened.get() == 1);
        }
    }

    @Test
    void anUnreachableClusterIsSaidInOneLineThatNamesAllThatWereTried() {
        try (ArbalestClient client =
                ArbalestClient.connect(List.of("127.0.0.1:1", "127.0.0.1:2"))) {
            assertThatThrownBy(client::image)
                    .hasMessageStartingWith("ARB-2102 ")
                    .hasMessageContaining("127.0.0.1:1")
                    .hasMessageContaining("127.0.0.1:2")
                    .hasMessageNotContaining("\n");
        }
        assertThatThrownBy(() -> ArbalestClient.connect(List.of("7400")))
                .hasMessageContaining("ARB-4001");
        assertThatThrownBy(() -> ArbalestClient.connect(List.of()))
                .hasMessageContaining("ARB-4001");
    }

    @Test
    void anEndpointThatDoesNotAnswerIsSkippedAndShardsAreReportedByNode() throws Exception {
        try (FakeCluster cluster = new FakeCluster(2, 2);
                ArbalestClient client =
                        ArbalestClient.connect(
                                List.of("127.0.0.1:1", cluster.nodes.get(1).endpoint()))) {
            assertThat(client.image()).isEqualTo(cluster.image());
            assertThat(client.shardReports("packages"))
                    .extracting(ArbalestClient.ShardReport::node)
                    .containsExactly("node-0", "node-1");
        }
    }
}
