package io.arbalest.flink;

import io.arbalest.client.Point;

import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.api.common.serialization.SerializationSchema.InitializationContext;
import org.apache.flink.api.connector.sink2.SinkWriter;

import java.io.IOException;
import java.io.Serializable;

/**
 * Makes a point of a stream's element.
 *
 * <p>Give every point a {@link io.arbalest.model.Version}, from the event time or the source's
 * offset: then writing an element again, as after a failure, changes nothing, and an older element
 * never replaces a newer one.
 *
 * <p>Confined to the task's thread; a subtask has a copy of its own.
 *
 * @param <T> the stream's elements
 */
@PublicEvolving
@FunctionalInterface
public interface PointSerializer<T> extends Serializable {
    /** Called once, before the first element. */
    default void open(InitializationContext context) throws Exception {}

    /**
     * The point to write. An exception fails the job: divert bad elements before the sink, see
     * {@link io.arbalest.client.PointCheck}.
     *
     * @param context offers the element's timestamp and the watermark
     */
    Point serialize(T element, SinkWriter.Context context) throws IOException;

    /** For streams of points. */
    static PointSerializer<Point> identity() {
        return (point, context) -> point;
    }
}
