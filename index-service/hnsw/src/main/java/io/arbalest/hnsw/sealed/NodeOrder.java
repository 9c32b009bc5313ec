package io.arbalest.hnsw.sealed;

import java.util.Arrays;

/**
 * An order of the points in which neighbours are close, so that a walk finds what it needs next in
 * pages and lines that it has just used.
 *
 * <p>Thread-safe: no state.
 */
final class NodeOrder {
    private NodeOrder() {}

    /**
     * Breadth first from a point, in the order of the lists.
     *
     * @return the points in their new order; every point must be reachable
     */
    static int[] breadthFirst(int[][] lists, int root) {
        int[] order = new int[lists.length];
        boolean[] seen = new boolean[lists.length];
        int queued = 0;
        order[queued++] = root;
        seen[root] = true;
        for (int at = 0; at < queued; at++) {
            for (int neighbor : lists[order[at]]) {
                if (!seen[neighbor]) {
                    seen[neighbor] = true;
                    order[queued++] = neighbor;
                }
            }
        }
        if (queued != lists.length) {
            throw new IllegalStateException(queued + " of " + lists.length + " reachable");
        }
        return order;
    }

    /** The points as they are. */
    static int[] identity(int points) {
        int[] order = new int[points];
        Arrays.setAll(order, i -> i);
        return order;
    }
}
