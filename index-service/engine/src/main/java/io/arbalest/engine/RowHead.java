package io.arbalest.engine;

import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

/** What a search returns of every row: whose it is and which version. */
record RowHead(PointKey key, Version version) {}
