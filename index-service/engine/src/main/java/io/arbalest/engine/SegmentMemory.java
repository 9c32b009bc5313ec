package io.arbalest.engine;

import io.arbalest.hnsw.sealed.RowsAhead;
import io.arbalest.hnsw.sealed.SealedSection;
import io.arbalest.io.NativeMemory;

import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import java.util.Map;

/**
 * What the kernel is told about the mapped files of sealed segments: madvise(2) and mlock(2).
 * Searches walk by links and codes and read vectors only for the candidates that they score again,
 * so a node whose vectors do not fit into memory needs room for the rest.
 */
public enum SegmentMemory {
    /** Nothing. */
    MAPPED,
    /**
     * Links and codes are wanted at once; vectors are read here and there, those of a search's
     * candidates together. Without codes the vectors are what searches walk by.
     */
    ADVISED,
    /** As ADVISED, and links and codes stay in memory as far as RLIMIT_MEMLOCK lets them. */
    LOCKED;

    private static final System.Logger LOG = System.getLogger(SegmentMemory.class.getName());

    /** The name in configuration files. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Brings what searches walk by into memory in huge pages, if the kernel has them for files: a
     * walk goes here and there, and with small pages most of its steps would first have to find out
     * where a page lies. To be called before anything else reads the file, because whoever reads
     * first decides on the size of its pages.
     */
    public void fill(Map<SealedSection, MemorySegment> sections) {
        if (this == MAPPED) {
            return;
        }
        sections.forEach((section, bytes) -> {
            if (bytes.byteSize() >= NativeMemory.HUGE_PAGE_BYTES && walked(section, sections)) {
                NativeMemory.advise(bytes, NativeMemory.Advice.HUGE_PAGES);
                NativeMemory.advise(bytes, NativeMemory.Advice.POPULATE);
            }
        });
    }

    private static boolean walked(
            SealedSection section, Map<SealedSection, MemorySegment> sections) {
        return section != SealedSection.VECTORS || !coded(sections);
    }

    private static boolean coded(Map<SealedSection, MemorySegment> sections) {
        return sections.containsKey(SealedSection.CODES)
                || sections.containsKey(SealedSection.BLOCKS);
    }

    /**
     * Advises the sections of one graph.
     *
     * @return what tells the kernel which vectors a search is about to read
     */
    public RowsAhead advise(String file, Map<SealedSection, MemorySegment> sections) {
        MemorySegment vectors = sections.get(SealedSection.VECTORS);
        if (this == MAPPED || vectors == null || !NativeMemory.available()) {
            return RowsAhead.NONE;
        }
        sections.forEach((section, bytes) -> {
            if (walked(section, sections)) {
                NativeMemory.advise(bytes, NativeMemory.Advice.WILL_NEED);
                if (this == LOCKED && !NativeMemory.lock(bytes)) {
                    LOG.log(
                            Level.WARNING,
                            "{0}: {1} of {2} bytes is not locked into memory. Fix: raise"
                                    + " RLIMIT_MEMLOCK (ulimit -l), or set engine.segment-memory"
                                    + " to advised",
                            file,
                            section,
                            Long.toString(bytes.byteSize()));
                }
            }
        });
        if (!coded(sections)) {
            return RowsAhead.NONE;
        }
        NativeMemory.advise(vectors, NativeMemory.Advice.RANDOM);
        return new FetchedRows(vectors);
    }
}
