package io.arbalest.model;

import java.util.UUID;

/**
 * A member of the cluster as others reach it.
 *
 * @param name unique in the cluster, for example {@code node-0}
 * @param incarnation new at every start of the process
 */
public record NodeInfo(String name, UUID incarnation, String host, int flightPort, int httpPort) {}
