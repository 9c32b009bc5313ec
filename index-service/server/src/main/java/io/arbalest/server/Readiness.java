package io.arbalest.server;

import io.arbalest.engine.ClusterCatalog;
import io.arbalest.engine.Engine;
import io.arbalest.engine.Shard;
import io.arbalest.engine.ShardStatistics;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.NodeInfo;
import io.arbalest.model.ShardAssignment;
import io.arbalest.simd.KernelSelfTest;
import io.arbalest.simd.VectorWidth;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Whether a node can do its part: it knows the cluster, the cluster knows it, its distance kernels
 * compute what they should, and of the shards that it owns all are open and not every one has
 * failed.
 *
 * <p>Thread-safe.
 */
final class Readiness {
    private final ClusterCatalog catalog;
    private final Engine engine;
    private final Supplier<List<KernelSelfTest.Measured>> kernels;
    private final NodeInfo self;

    /**
     * @param kernels how the distance kernels did on this machine
     */
    Readiness(
            ClusterCatalog catalog,
            Engine engine,
            NodeInfo self,
            Supplier<List<KernelSelfTest.Measured>> kernels) {
        this.kernels = kernels;
        this.catalog = catalog;
        this.engine = engine;
        this.self = self;
    }

    /** Why not, in a few words; empty: ready. */
    Optional<String> obstacle() {
        ClusterImage image = catalog.image();
        if (image.index() == 0) {
            return Optional.of(
                    "the cluster image is not known yet: waiting for a majority of"
                            + " cluster.members");
        }
        if (!image.node(self.name()).filter(self::equals).isPresent()) {
            return Optional.of(
                    "this start of " + self.name() + " is not registered in the cluster image yet");
        }
        for (KernelSelfTest.Measured kernel : kernels.get()) {
            if (kernel.verdict() == KernelSelfTest.Verdict.WRONG) {
                return Optional.of(
                        "kernel "
                                + kernel.kernel()
                                + " computes wrong scores of "
                                + kernel.dimension()
                                + " elements on this machine: try another -D"
                                + VectorWidth.PROPERTY
                                + ", or another build of the JDK");
            }
        }
        return shards(image);
    }

    /** One shard that failed does not keep others from being served, if there are others. */
    private Optional<String> shards(ClusterImage image) {
        String failed = "";
        boolean served = false;
        for (ClusterImage.Collection collection : image.collections().values()) {
            for (ShardAssignment assignment : collection.shards()) {
                if (!assignment.primary().equals(self.name())) {
                    continue;
                }
                int number = assignment.shard().number();
                String collectionName = collection.definition().name();
                String name = "shard " + number + " of " + collectionName;
                Optional<Shard> shard =
                        engine.shard(collectionName, number)
                                .filter(open -> open.id().equals(assignment.shard()));
                if (shard.isEmpty()) {
                    return Optional.of(name + " is not open yet");
                }
                ShardStatistics statistics = shard.get().statistics();
                switch (statistics.state()) {
                    case RECOVERING -> {
                        return Optional.of(name + " is replaying its log");
                    }
                    case FAILED -> failed = name + " failed: " + statistics.error();
                    case SERVING, READ_ONLY -> served = true;
                }
            }
        }
        return served || failed.isEmpty() ? Optional.empty() : Optional.of(failed);
    }
}
