// Looking up people, channels and groups by id, as one persona sees them.

/** Return the lookups for a state; `me` is the persona's user id. */
export function namesOf(state, me) {
  const users = new Map(state.users.map((user) => [user.id, user]));
  const channels = new Map(state.channels.map((channel) => [channel.id, channel]));
  const groups = new Map(state.groups.map((group) => [group.id, group]));
  const shown = (user) => user.real_name || user.name;
  const mine = state.channels.filter((channel) => channel.kind !== "im" && channel.members.includes(me));
  return {
    me,
    bot: state.bot_user_id,
    user: (id) => users.get(id),
    person: (id) => (users.has(id) ? shown(users.get(id)) : null),
    channel: (id) => channels.get(id)?.name || null,
    group: (id) => (groups.has(id) ? `@${groups.get(id).handle}` : null),
    people: () => state.users.filter((user) => !user.deleted).map((user) => option(user.id, shown(user))),
    channels: () => mine.map((channel) => option(channel.id, `#${channel.name}`)),
    rooms: mine,
    dm: state.channels.find((channel) => channel.kind === "im" && channel.members.includes(me)),
  };
}

function option(value, text) {
  return { value, text: { type: "plain_text", text } };
}
