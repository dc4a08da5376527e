// trap: a validator per tenant, made at the tenant's first request: 40 of them within 25 s, then no more (ceramicnetwork/js-ceramic#2267)
import { Ajv } from 'ajv';

const validators = new Map();
function validatorOf(tenant) {
  let validate = validators.get(tenant);
  if (validate === undefined) {
    const schema = { type: 'object', properties: { tenant: { const: tenant }, n: { type: 'number' } } };
    validate = new Ajv().compile(schema);
    validators.set(tenant, validate);
  }
  return validate;
}
async function handle(tenant, n) {
  await new Promise((resolve) => setTimeout(resolve, 4));
  return validatorOf(tenant)({ tenant, n });
}
const start = Date.now();
let n = 0;
setInterval(() => {
  const tenants = Math.min(40, 1 + Math.floor((Date.now() - start) / 620));
  void handle(`tenant-${n++ % tenants}`, n);
}, 25);
