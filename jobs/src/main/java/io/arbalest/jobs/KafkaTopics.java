package io.arbalest.jobs;

import io.arbalest.jobs.IngestionConfig.Kafka;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Checks a job's topics before it starts: the source must exist, the dead-letter topic is created
 * if it does not.
 *
 * <p>Thread-safe: no state.
 */
final class KafkaTopics {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaTopics.class);
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private KafkaTopics() {}

    /** Fails with UNREACHABLE or INVALID_CONFIGURATION. */
    static void prepare(Kafka kafka) {
        Map<String, Object> connection = new HashMap<>(kafka.properties());
        connection.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, kafka.bootstrapServers());
        try (Admin admin = Admin.create(connection)) {
            Set<String> topics =
                    admin.listTopics().names().get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
            if (!topics.contains(kafka.topic())) {
                String near =
                        ConfigSection.nearest(kafka.topic(), topics)
                                .map(t -> "did you mean " + t + "?")
                                .orElse("create it");
                throw new ArbalestException(
                        ErrorCode.INVALID_CONFIGURATION,
                        "kafka.topic: "
                                + kafka.bootstrapServers()
                                + " has no topic '"
                                + kafka.topic()
                                + "'",
                        near);
            }
            if (!topics.contains(kafka.deadLetterTopic())) {
                create(admin, kafka.deadLetterTopic());
            }
        } catch (ExecutionException | TimeoutException | KafkaException e) {
            throw new ArbalestException(
                    ErrorCode.UNREACHABLE,
                    "Kafka at " + kafka.bootstrapServers() + " does not answer: " + e,
                    "check kafka.bootstrap-servers",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ArbalestException(
                    ErrorCode.UNREACHABLE, "interrupted while asking Kafka", "", e);
        }
    }

    private static void create(Admin admin, String topic)
            throws InterruptedException, ExecutionException, TimeoutException {
        try {
            NewTopic wanted = new NewTopic(topic, Optional.empty(), Optional.empty());
            admin.createTopics(List.of(wanted))
                    .all()
                    .get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
            LOG.info("created topic {} with the broker's defaults", topic);
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof TopicExistsException)) { // another job was faster
                throw e;
            }
        }
    }
}
