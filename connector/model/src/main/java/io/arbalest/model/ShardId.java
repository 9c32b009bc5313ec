package io.arbalest.model;

import java.util.UUID;

/** One shard of one incarnation of a collection. */
public record ShardId(UUID incarnation, int number) {
    @Override
    public String toString() {
        return incarnation + "-" + number;
    }
}
