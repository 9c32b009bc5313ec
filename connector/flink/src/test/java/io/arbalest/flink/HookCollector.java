package io.arbalest.flink;

import org.apache.flink.util.UserCodeClassLoader;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Keeps release hooks and runs them when told.
 *
 * <p>Confined to one thread.
 */
final class HookCollector implements UserCodeClassLoader {
    private final Map<String, Runnable> hooks = new HashMap<>();

    @Override
    public ClassLoader asClassLoader() {
        return Objects.requireNonNull(HookCollector.class.getClassLoader());
    }

    @Override
    public void registerReleaseHookIfAbsent(String name, Runnable hook) {
        hooks.putIfAbsent(name, hook);
    }

    void release() {
        hooks.values().forEach(Runnable::run);
    }
}
