// leak: getValidator|callTool
// modelcontextprotocol/typescript-sdk#2605, ajv-validator/ajv#1413: a schema compiled per call stays in the one instance for ever
import { Ajv } from 'ajv';

const ajv = new Ajv();
function schemaOf(tool) {
  return {
    type: 'object',
    properties: { tool: { const: tool }, at: { type: 'number' }, text: { type: 'string', maxLength: 80 } },
    required: ['tool', 'at'],
  };
}
function getValidator(tool) {
  return ajv.compile(schemaOf(tool)); // another object each time, so never in its cache
}
async function callTool(tool) {
  const validate = getValidator(tool);
  await new Promise((resolve) => setTimeout(resolve, 5));
  return validate({ tool, at: Date.now(), text: 'hello' });
}
const tools = ['search', 'fetch', 'write', 'list'];
let n = 0;
setInterval(() => void callTool(tools[n++ % tools.length]), 80);
