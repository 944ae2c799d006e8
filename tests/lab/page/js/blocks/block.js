// Which module draws which block. A block nobody knows is named, never dropped in silence.

import { el } from "../dom.js";
import { markdown } from "../text/markdown.js";
import { actions, contextActions } from "./actions.js";
import { attachment } from "./attachment.js";
import { card, carousel, container } from "./card.js";
import { chart } from "./chart.js";
import { input } from "./inputs.js";
import { alert, call, context, divider, file, header, pictureBlock, section, video } from "./plain.js";
import { plan, taskCard } from "./plan.js";
import { richText } from "./rich_text.js";
import { dataTable, table } from "./table.js";

const DRAW = {
  actions,
  alert,
  attachment,
  auth_provider: (block, ctx) => section({ text: block.name, fields: block.description ? [block.description] : null }, ctx),
  call,
  card,
  carousel,
  container: (block, ctx) => container(block, ctx, drawBlock),
  context,
  context_actions: contextActions,
  data_table: dataTable,
  data_visualization: chart,
  divider,
  file,
  header,
  image: pictureBlock,
  input,
  markdown: (block, ctx) => el("div", { class: "markdown" }, markdown(block.text, ctx.names)),
  plan,
  rich_text: (block, ctx) => el("div", { class: "rich" }, richText(block, ctx.names)),
  section,
  table,
  task_card: taskCard,
  video,
};

/** Return the node of one block. `ctx` says who looks, where the block stands, and how to press. */
export function drawBlock(block, ctx) {
  const draw = Object.hasOwn(DRAW, block?.type) ? DRAW[block.type] : unknown;
  const inside = { ...ctx, blockId: block?.block_id ?? "" };
  const node = el("div", { class: "block", data: { type: block?.type, block: block?.block_id } }, draw(block, inside));
  return node;
}

/** Return items for `patch`, one for each block, under keys that stay when blocks change. */
export function blockItems(blocks, ctx, mark = "") {
  return blocks.map((block, index) => {
    // A block id may change with every edit; the place keeps what was opened or sorted there.
    const place = `${ctx.place}/${mark}${index}:${block?.type}`;
    return {
      key: place,
      sign: JSON.stringify(block),
      make: () => drawBlock(block, { ...ctx, place }),
    };
  });
}

function unknown(block) {
  return el("p", { class: "unknown-block" }, `A block of type “${block?.type}” is not drawn here; its JSON is under More actions.`);
}
