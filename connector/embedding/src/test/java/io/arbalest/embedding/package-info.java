/** Tests of the embedder: against values computed independently with numpy in double precision. */
@NullMarked
package io.arbalest.embedding;

import org.jspecify.annotations.NullMarked;
