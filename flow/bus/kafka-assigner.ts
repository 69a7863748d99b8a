import kafkajs, { type Assignment, type PartitionAssigner } from 'kafkajs';

/**
 * Gives partition p of every topic to the same member, as the in-process bus does: the records of an asset and the coverage beside them
 * belong together. The round robin of kafkajs counts on from topic to topic and separates them when partitions and members do not divide.
 */
export const samePartitionAssigner: PartitionAssigner = ({ cluster }) => ({
  name: 'cordon-same-partition',
  version: 0,

  assign: async ({ members, topics }) => {
    const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;
    const readers = members
      .map(({ memberId, memberMetadata }) => ({ memberId, topics: MemberMetadata.decode(memberMetadata)?.topics ?? [] }))
      .sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
    const assignments = new Map<string, Assignment>(readers.map(({ memberId }) => [memberId, {}]));
    for (const topic of topics) {
      const candidates = readers.filter((reader) => reader.topics.includes(topic));
      if (candidates.length === 0) continue;
      for (const { partitionId } of cluster.findTopicPartitionMetadata(topic)) {
        const assignment = assignments.get(candidates[partitionId % candidates.length]!.memberId)!;
        assignment[topic] = [...(assignment[topic] ?? []), partitionId];
      }
    }
    return [...assignments].map(([memberId, assignment]) => ({
      memberId,
      memberAssignment: MemberAssignment.encode({ version: 0, assignment, userData: Buffer.alloc(0) }),
    }));
  },

  protocol: ({ topics }) => ({
    name: 'cordon-same-partition',
    metadata: kafkajs.AssignerProtocol.MemberMetadata.encode({ version: 0, topics, userData: Buffer.alloc(0) }),
  }),
});
