/**
 * Runs the jcstress tests of this module, which lie in the packages that they look into: every
 * order in which one thread may see what others write, on the processor that runs them.
 *
 * <p>Each forbids what a mistake in the order of publishing would show: a point's own lists written
 * after its neighbours point at it ({@code LinkedPointStress}), a list whose old tail stays when it
 * is rewritten ({@code RewrittenListStress}), a list appended to without its lock ({@code
 * BackLinksStress}), counts of links that are not changed atomically ({@code LastLinkStress}).
 *
 * <p>x86 processors keep the order of stores and that of loads. There a store without release or a
 * load without acquire semantics shows only if the compiler moves it, which it was not seen to do;
 * {@code PublishedPointStress} and {@code LinkedPointStress} forbid its effects for processors that
 * reorder, such as AArch64. Nor was a short list seen empty there that is emptied before it is
 * rewritten: the stores to one cache line reach other processors together.
 *
 * <p><b>Start at</b> {@code StressTest}.
 */
@NullMarked
package io.arbalest.stress;

import org.jspecify.annotations.NullMarked;
