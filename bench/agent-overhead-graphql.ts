// A request of agent-overhead.ts to a GraphQL schema whose resolvers are async functions, as those of services mostly are.
import { buildSchema, execute, parse } from 'graphql';

const ORDERS = 1000;
const PER_REQUEST = 10;
const ARTICLES = 500;

const schema = buildSchema(`
  type Article { name: String!, cents: Int! }
  type Line { article: Article!, pieces: Int! }
  type Order { id: ID!, at: String!, lines: [Line!]!, total: Int! }
  type Query { orders(from: Int!): [Order!]! }
`);
const document = parse(
  'query ($from: Int!) { orders(from: $from) { id at total lines { pieces article { name cents } } } }',
);

interface Article {
  readonly name: string;
  readonly cents: number;
}

const articles = Array.from({ length: ARTICLES }, (_, i) => ({ name: `article ${i}`, cents: 100 + i }));

/** Stands for a cache in memory before a database. */
async function loadArticle(id: number): Promise<Article> {
  return articles[id % ARTICLES] as Article;
}

function line(id: number): object {
  return { article: async () => loadArticle(id), pieces: (id % 7) + 1 };
}

async function loadOrder(id: number): Promise<object> {
  return {
    id,
    at: async () => new Date(1.7e12 + id * 1e7).toISOString(),
    lines: async () => [line(id), line(id + 1), line(id + 2)],
    total: async () => (await loadArticle(id)).cents * 3,
  };
}

const rootValue = {
  orders: async ({ from }: { from: number }) =>
    Promise.all(Array.from({ length: PER_REQUEST }, async (_, i) => loadOrder(from + i))),
};

let next = 0;

/** Ten orders of three lines each: about 550 promises, and two kilobytes of JSON. */
export async function orders(): Promise<object> {
  next = (next + PER_REQUEST) % ORDERS;
  return execute({ schema, document, rootValue, variableValues: { from: next } });
}
