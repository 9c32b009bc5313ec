package io.arbalest.engine;

import io.arbalest.common.Scheduler;
import io.arbalest.metadata.ShardMetadata;
import io.arbalest.wal.WriteAheadLog;

/**
 * What an open shard is made of; {@link ShardAssembly} puts it together.
 *
 * @param recoveredRows rows that were put back into memory when it was opened
 */
record OpenShard(
        WriteAheadLog log,
        ShardMetadata metadata,
        Segments segments,
        RowApplier applier,
        Scheduler.SerialExecutor applierThread,
        DurableQueue durable,
        Indexer indexer,
        SegmentKeeper keeper,
        SegmentScrub scrub,
        TombstonePurger purger,
        WriteQueue writes,
        ShardSearch search,
        long recoveredRows) {

    /** Lets what runs by itself begin. */
    void start() {
        durable.applyTo(this);
        purger.start();
        scrub.start();
        indexer.wake();
        keeper.wake();
    }

    /** Lets what runs by itself end soon. */
    void stop() {
        indexer.stop();
        keeper.stop();
        scrub.stop();
        purger.stop();
    }
}
