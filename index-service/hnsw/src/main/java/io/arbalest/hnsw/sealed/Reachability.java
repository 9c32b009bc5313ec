package io.arbalest.hnsw.sealed;

import java.util.Arrays;

/**
 * Sees to it that every point can be reached on level 0 from the point where walks start: finds a
 * tree that spans what is reachable, and hangs the rest onto it without cutting a link of the tree.
 *
 * <p>Confined to one thread.
 */
final class Reachability {
    private final int[][] lists;
    private final int limit;
    private final int[] parents; // in the tree; -1 unreachable, the root its own
    private final int[] queue;
    private int queued;
    private int expanded;
    private int repaired;

    private Reachability(int[][] lists, int limit) {
        this.lists = lists;
        this.limit = limit;
        parents = new int[lists.length];
        queue = new int[lists.length];
        Arrays.fill(parents, -1);
    }

    /**
     * Repairs the lists in place, and checks that every point is reached.
     *
     * @param lists neighbours of each point
     * @param limit most neighbours of a point
     * @return how many links were added
     */
    static int repair(int[][] lists, int root, int limit) {
        Reachability reachability = new Reachability(lists, limit);
        reachability.reach(root, root);
        reachability.expand();
        for (int point = 0; point < lists.length; point++) {
            if (reachability.parents[point] < 0) {
                reachability.attach(point);
                reachability.expand();
            }
        }
        if (reachability.queued != lists.length) {
            throw new IllegalStateException(
                    reachability.queued + " of " + lists.length + " points can be reached");
        }
        return reachability.repaired;
    }

    /** How many points can be reached from one. */
    static int count(int[][] lists, int root) {
        Reachability reachability = new Reachability(lists, Integer.MAX_VALUE);
        reachability.reach(root, root);
        reachability.expand();
        return reachability.queued;
    }

    private void reach(int point, int parent) {
        parents[point] = parent;
        queue[queued++] = point;
    }

    private void expand() {
        while (expanded < queued) {
            int point = queue[expanded++];
            for (int neighbor : lists[point]) {
                if (parents[neighbor] < 0) {
                    reach(neighbor, point);
                }
            }
        }
    }

    /** Links the point from the first place that can be had: a neighbour's list, else any. */
    private void attach(int point) {
        for (int neighbor : lists[point]) {
            if (parents[neighbor] >= 0 && link(neighbor, point)) {
                return;
            }
        }
        for (int at = 0; at < queued; at++) { // breadth first from the neighbours' kin: rare
            if (link(queue[queued - 1 - at], point)) {
                return;
            }
        }
        throw new IllegalStateException("no point can take a link to " + point);
    }

    private boolean link(int from, int to) {
        int[] list = lists[from];
        if (list.length < limit) {
            lists[from] = Arrays.copyOf(list, list.length + 1);
            lists[from][list.length] = to;
        } else {
            int spare = list.length - 1;
            while (spare >= 0 && parents[list[spare]] == from) {
                spare--;
            }
            if (spare < 0) {
                return false;
            }
            list[spare] = to;
        }
        repaired++;
        reach(to, from);
        return true;
    }
}
