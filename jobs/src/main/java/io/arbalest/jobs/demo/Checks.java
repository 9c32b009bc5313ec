package io.arbalest.jobs.demo;

import java.util.ArrayList;
import java.util.List;

/**
 * What was checked and how it came out.
 *
 * <p>Confined to one thread.
 */
final class Checks {
    private final List<Check> all = new ArrayList<>();

    /** One check. */
    record Check(String name, boolean held, String found) {}

    void add(String name, boolean held, String found) {
        all.add(new Check(name, held, found));
    }

    List<Check> all() {
        return List.copyOf(all);
    }

    boolean held() {
        return all.stream().allMatch(Check::held);
    }
}
