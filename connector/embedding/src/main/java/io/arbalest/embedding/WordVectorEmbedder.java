package io.arbalest.embedding;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.Binary16;
import io.arbalest.model.ErrorCode;

import org.jspecify.annotations.Nullable;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.zip.GZIPInputStream;

/**
 * Embeds text as the weighted sum of its words' vectors.
 *
 * <p>{@code v = sum over distinct known words of (1 + ln count) * vector(word)}; then {@code v =
 * v/|v|}, minus the model's mean, minus its projection on each of the model's common components
 * (every text shares them, so they only blur neighbours), and {@code v = v/|v|} again. The removal
 * of common components follows S. Arora, Y. Liang, T. Ma, <i>A Simple but Tough-to-Beat Baseline
 * for Sentence Embeddings</i>, ICLR 2017. Sums are taken in double precision.
 *
 * <p>A model is a directory of three files: {@code words.txt.gz}, UTF-8, one word a line; {@code
 * words.f16.gz}, their vectors as little-endian binary16, row-major {@code [words][dimension]};
 * {@code model.json} with {@code dimension}, {@code words}, {@code token_pattern}, {@code
 * mean[dimension]} and {@code components[n][dimension]}.
 *
 * <p>Not serializable on purpose: a job keeps the directory's path and calls {@link #shared} where
 * it runs.
 *
 * <p>Immutable.
 */
public final class WordVectorEmbedder {
    /** How many models {@link #shared} keeps; the longest loaded is dropped first. */
    public static final int MAX_SHARED = 4;

    private static final String WORDS_FILE = "words.txt.gz";
    private static final String VECTORS_FILE = "words.f16.gz";
    private static final String MODEL_FILE = "model.json";

    private static final Map<Path, WordVectorEmbedder> SHARED =
            new LinkedHashMap<>() {
                @Override
                protected boolean removeEldestEntry(Map.Entry<Path, WordVectorEmbedder> eldest) {
                    return size() > MAX_SHARED;
                }
            };

    private final int dimension;
    private final Pattern token;
    private final double[] mean;
    private final double[][] components;
    private final Map<String, Integer> ordinals;
    private final float[] vectors;

    private WordVectorEmbedder(
            Pattern token,
            double[] mean,
            double[][] components,
            Map<String, Integer> ordinals,
            float[] vectors) {
        this.dimension = mean.length;
        this.token = token;
        this.mean = mean;
        this.components = components;
        this.ordinals = ordinals;
        this.vectors = vectors;
    }

    /**
     * Reads a model.
     *
     * @throws ArbalestException INVALID_CONFIGURATION if the directory does not hold one, naming
     *     the file and what is wrong
     */
    public static WordVectorEmbedder load(Path directory) {
        try {
            JsonNode model =
                    new ObjectMapper()
                            .readTree(Files.readAllBytes(existing(directory, MODEL_FILE)));
            int dimension = model.path("dimension").asInt();
            double[] mean = numbers(directory, model.path("mean"), dimension);
            double[][] components = new double[model.path("components").size()][];
            for (int component = 0; component < components.length; component++) {
                components[component] =
                        numbers(directory, model.path("components").get(component), dimension);
            }
            Map<String, Integer> ordinals = readWords(existing(directory, WORDS_FILE));
            Pattern token = Pattern.compile(model.path("token_pattern").asText());
            float[] vectors =
                    readVectors(existing(directory, VECTORS_FILE), ordinals.size(), dimension);
            return new WordVectorEmbedder(token, mean, components, ordinals, vectors);
        } catch (IOException | PatternSyntaxException e) {
            throw invalid(
                    "cannot read the embedding model in " + directory + ": " + e.getMessage(), e);
        }
    }

    /**
     * As {@link #load}, once for each directory and class loader; later calls return the same
     * object.
     */
    public static WordVectorEmbedder shared(Path directory) {
        Path key = directory.toAbsolutePath().normalize();
        synchronized (SHARED) {
            WordVectorEmbedder known = SHARED.get(key);
            if (known == null) {
                known = load(key);
                SHARED.put(key, known);
            }
            return known;
        }
    }

    /** Components of every vector. */
    public int dimension() {
        return dimension;
    }

    /** How many words have a vector. */
    public int words() {
        return ordinals.size();
    }

    /**
     * The unit vector of a text, {@code [dimension]}.
     *
     * @throws ArbalestException NO_KNOWN_WORD if none of its words has a vector
     */
    public float[] embed(String text) {
        double[] sum = new double[dimension];
        Map<Integer, Integer> counts = countWords(text);
        for (Map.Entry<Integer, Integer> word : counts.entrySet()) {
            double weight = 1 + Math.log(word.getValue());
            int offset = word.getKey() * dimension;
            for (int i = 0; i < dimension; i++) {
                sum[i] += weight * vectors[offset + i];
            }
        }
        if (!normalize(sum)) {
            throw noKnownWord(text);
        }
        for (int i = 0; i < dimension; i++) {
            sum[i] -= mean[i];
        }
        for (double[] component : components) {
            double projection = 0;
            for (int i = 0; i < dimension; i++) {
                projection += sum[i] * component[i];
            }
            for (int i = 0; i < dimension; i++) {
                sum[i] -= projection * component[i];
            }
        }
        if (!normalize(sum)) {
            throw noKnownWord(text);
        }
        float[] vector = new float[dimension];
        for (int i = 0; i < dimension; i++) {
            vector[i] = (float) sum[i];
        }
        return vector;
    }

    /** Counts by word, in order of first appearance, so that equal texts sum in equal order. */
    private Map<Integer, Integer> countWords(String text) {
        Map<Integer, Integer> counts = new LinkedHashMap<>();
        Matcher matcher = token.matcher(text.toLowerCase(Locale.ROOT));
        while (matcher.find()) {
            Integer ordinal = ordinals.get(matcher.group());
            if (ordinal != null) {
                counts.merge(ordinal, 1, Integer::sum);
            }
        }
        return counts;
    }

    private static boolean normalize(double[] vector) {
        double square = 0;
        for (double component : vector) {
            square += component * component;
        }
        if (square == 0) {
            return false;
        }
        double inverse = 1 / Math.sqrt(square);
        for (int i = 0; i < vector.length; i++) {
            vector[i] *= inverse;
        }
        return true;
    }

    private static ArbalestException noKnownWord(String text) {
        String shown = text.length() <= 60 ? text : text.substring(0, 60) + "...";
        return new ArbalestException(
                ErrorCode.NO_KNOWN_WORD,
                "no word of '" + shown + "' has a vector in the embedding model",
                "use common English words, or give a vector instead of a text");
    }

    private static Map<String, Integer> readWords(Path file) throws IOException {
        Map<String, Integer> ordinals = new HashMap<>();
        try (BufferedReader reader =
                new BufferedReader(
                        new InputStreamReader(
                                new GZIPInputStream(Files.newInputStream(file)),
                                StandardCharsets.UTF_8))) {
            for (String word = reader.readLine(); word != null; word = reader.readLine()) {
                ordinals.put(word, ordinals.size());
            }
        }
        return ordinals;
    }

    private static float[] readVectors(Path file, int words, int dimension) throws IOException {
        byte[] bytes;
        try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
            bytes = in.readAllBytes();
        }
        long expected = (long) words * dimension * Short.BYTES;
        if (bytes.length != expected) {
            throw invalid(
                    file
                            + " holds "
                            + bytes.length
                            + " bytes, expected "
                            + expected
                            + " for "
                            + words
                            + " distinct words of dimension "
                            + dimension,
                    null);
        }
        ShortBuffer halves = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asShortBuffer();
        float[] vectors = new float[words * dimension];
        for (int i = 0; i < vectors.length; i++) {
            vectors[i] = Binary16.toFloat(halves.get(i));
        }
        return vectors;
    }

    private static double[] numbers(Path directory, JsonNode array, int dimension) {
        if (dimension < 1 || array.size() != dimension) {
            throw invalid(
                    directory.resolve(MODEL_FILE)
                            + ": expected arrays of "
                            + dimension
                            + " numbers, got one of "
                            + array.size(),
                    null);
        }
        double[] numbers = new double[dimension];
        for (int i = 0; i < dimension; i++) {
            numbers[i] = array.get(i).asDouble();
        }
        return numbers;
    }

    private static Path existing(Path directory, String name) {
        Path file = directory.resolve(name);
        if (!Files.isRegularFile(file)) {
            throw invalid("the embedding directory has no file " + file, null);
        }
        return file;
    }

    private static ArbalestException invalid(String detail, @Nullable Throwable cause) {
        return new ArbalestException(
                ErrorCode.INVALID_CONFIGURATION,
                detail,
                "point to a directory with "
                        + WORDS_FILE
                        + ", "
                        + VECTORS_FILE
                        + " and "
                        + MODEL_FILE,
                cause);
    }
}
