package io.arbalest.flight;

import io.arbalest.client.ArbalestClient;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;

/**
 * Brings the client with which this node asks others up to what this node knows.
 *
 * <p>Thread-safe: no state.
 */
final class Peers {
    private Peers() {}

    /** The client, with an image that has these fields if some node told of them. */
    static ArbalestClient knowing(ArbalestClient client, CollectionDefinition definition) {
        ClusterImage.Collection known = client.image().collections().get(definition.name());
        if (known == null || !known.definition().fields().equals(definition.fields())) {
            client.refresh();
        }
        return client;
    }
}
