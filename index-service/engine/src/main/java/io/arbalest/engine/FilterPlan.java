package io.arbalest.engine;

import java.util.Locale;

/** How the rows of a segment that a filter accepts are searched. */
public enum FilterPlan {
    /** Whatever {@link FilterPlanner} finds cheapest. */
    AUTO,
    /** All accepted rows are scored. */
    EXACT,
    /** A walk of the graph that scores accepted rows only. */
    WALK,
    /** A walk of the whole graph; what is not accepted is left out of what it found. */
    POST;

    /** The name that users read and write. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
