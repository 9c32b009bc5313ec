package io.arbalest.cluster;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.NodeInfo;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * What a node needs to take part in the metadata group.
 *
 * @param node this node, as others reach it; its incarnation is new at every start of the process
 * @param members everybody in the group, this node among them; the same list at every node
 * @param directory for the group's log and snapshots; only this node uses it
 */
public record ClusterOptions(NodeInfo node, List<Member> members, Path directory) {
    /** Most members of a group. */
    public static final int MAX_MEMBERS = 7;

    /** A member of the group and where its Ratis server listens. */
    public record Member(String name, String host, int ratisPort) {
        String address() {
            return host + ":" + ratisPort;
        }
    }

    public ClusterOptions {
        members = members.stream().sorted(Comparator.comparing(Member::name)).toList();
        Set<String> names = new HashSet<>();
        Set<String> addresses = new HashSet<>();
        for (Member member : members) {
            check(names.add(member.name()), "cluster.members names '" + member.name() + "' twice");
            check(
                    addresses.add(member.address()),
                    "cluster.members has address " + member.address() + " twice");
        }
        check(
                names.contains(node.name()),
                "node '" + node.name() + "' is not in cluster.members, which has " + names);
        check(
                members.size() <= MAX_MEMBERS,
                members.size() + " cluster.members, at most " + MAX_MEMBERS + " are allowed");
    }

    private static void check(boolean holds, String what) {
        if (!holds) {
            throw new ArbalestException(
                    ErrorCode.INVALID_CONFIGURATION,
                    what,
                    "list each member once, with its own address, and use the same list on every"
                            + " node");
        }
    }

    /** This node among the members. */
    Member self() {
        return members.stream().filter(m -> m.name().equals(node.name())).findFirst().orElseThrow();
    }

    List<String> memberNames() {
        return members.stream().map(Member::name).toList();
    }

    /** The same for everybody with the same list, also after a restart. */
    UUID groupId() {
        String list =
                members.stream()
                        .map(m -> m.name() + "@" + m.address())
                        .collect(Collectors.joining(","));
        return UUID.nameUUIDFromBytes(list.getBytes(StandardCharsets.UTF_8));
    }
}
