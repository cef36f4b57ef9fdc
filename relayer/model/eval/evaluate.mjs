/*
 * Measure the tiny model through node-llama-cpp, the way the network runs it (CPU, one thread, temperature 0,
 * no system prompt, a fresh session for every prompt).
 *
 *   node evaluate.mjs [--model FILE] [--set heldout|freeform|both] [--out results.json] [--limit N] [--show N]
 *   node evaluate.mjs --check FIXTURES.json        compare tokens and logits with the trainer (training/check.py)
 *
 * node-llama-cpp 3.22.1 is looked up from the current folder first, so this runs from any folder that has it installed.
 * --out keeps the free-form verdicts that are already in the file as long as the answer has not changed.
 */
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const option = (name, other) => {
  const i = process.argv.indexOf('--' + name);
  return i < 0 ? other : process.argv[i + 1];
};
const library = () => {
  for (const from of [process.cwd() + '/', here + '/']) {
    try { return pathToFileURL(createRequire(from).resolve('node-llama-cpp')).href; } catch {}
  }
  throw new Error('node-llama-cpp is not installed here (npm i node-llama-cpp@3.22.1)');
};

const file = option('model', path.join(here, '../cocoon-tiny.gguf'));
const {getLlama, LlamaChatSession} = await import(library());
const llama = await getLlama({build: 'never', gpu: false, logLevel: 'error', maxThreads: 1});
const started = performance.now();
const model = await llama.loadModel({modelPath: file});
const context = await model.createContext({contextSize: 512, threads: 1, flashAttention: false});
const loadMs = Math.round(performance.now() - started);
const sequence = context.getSequence();

if (option('check')) {
  await check(JSON.parse(fs.readFileSync(option('check'), 'utf8')));
  process.exit(0);
}

const session = new LlamaChatSession({contextSequence: sequence});
let tokens = 0, seconds = 0;
async function ask(prompt) {
  session.setChatHistory([]);          // no default system prompt
  await sequence.clearHistory();
  const t = performance.now();
  const r = await session.promptWithMeta(prompt, {temperature: 0, maxTokens: 160});
  seconds += (performance.now() - t) / 1000;
  tokens += model.tokenize(r.responseText).length + 1;
  return {answer: r.responseText, ended: r.stopReason === 'eogToken'};
}

const bytes = fs.readFileSync(file);
const results = {
  model: {file: path.basename(file), bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex')},
  loadMs,
};
const set = option('set', 'both');
if (set !== 'freeform') results.heldout = await heldout();
if (set !== 'heldout') results.freeform = await freeform();
results.answerTokensPerSecond = Math.round(tokens / seconds);
console.log('load', loadMs, 'ms;', results.answerTokensPerSecond, 'answer tokens a second including the prompt; sha256', results.model.sha256);
if (option('out')) fs.writeFileSync(option('out'), JSON.stringify(results, null, 1) + '\n');
process.exit(0);

async function heldout() {
  const rows = JSON.parse(fs.readFileSync(path.join(here, 'heldout.json'), 'utf8')).slice(0, +option('limit', 500));
  const kinds = {}, misses = [];
  // Words the wanted answers use that are not in their prompts: the model's own fixed wording.
  const words = s => s.toLowerCase().match(/[\p{L}\d]+/gu) ?? [];
  const own = new Set(rows.flatMap(r => words(r.answer).filter(w => !words(r.prompt).includes(w))));
  for (const row of rows) {
    const {answer, ended} = await ask(row.prompt);
    const exact = answer === row.answer;
    const has = s => answer.toLowerCase().includes(s.toLowerCase());
    for (const key of [row.kind, row.kind.split('-')[0] + ' (all)', 'ALL']) {
      const k = (kinds[key] ??= {n: 0, exact: 0, names: 0, namesRight: 0, facts: 0, factsRight: 0, ended: 0, strangeWord: 0});
      k.n++; k.exact += exact; k.ended += ended;
      k.names += row.names.length; k.namesRight += row.names.filter(has).length;
      k.strangeWord += words(answer).some(w => !own.has(w) && !words(row.prompt).includes(w));
      k.facts += row.facts.length; k.factsRight += row.facts.filter(has).length;
    }
    if (!exact) misses.push({prompt: row.prompt, wanted: row.answer, got: answer});
  }
  for (const [key, k] of Object.entries(kinds).sort()) {
    const share = (a, b) => b ? `${a}/${b} (${(100 * a / b).toFixed(1)} %)` : '-';
    console.log(key.padEnd(22), 'exact', share(k.exact, k.n), '| names', share(k.namesRight, k.names), '| times, places, amounts', share(k.factsRight, k.facts), '| a word that is not in the prompt', k.strangeWord, '| ended', k.ended);
  }
  for (const m of misses.slice(0, +option('show', 0))) console.log('---\n' + m.prompt + '\nWANTED ' + m.wanted + '\nGOT    ' + m.got);
  return {kinds, misses: misses.length, examplesOfMisses: misses.slice(0, 12)};
}

async function freeform() {
  const name = option('out'), before = name && fs.existsSync(name) ? JSON.parse(fs.readFileSync(name, 'utf8')).freeform?.answers ?? [] : [];
  const answers = [], counts = {};
  for (const p of JSON.parse(fs.readFileSync(path.join(here, 'freeform.json'), 'utf8')).prompts) {
    const {answer} = await ask(p.prompt);
    const old = before.find(b => b.id === p.id && b.answer === answer);
    const row = {id: p.id, kind: p.kind, answer, verdict: old?.verdict ?? 'to be judged', ...(old?.note && {note: old.note})};
    answers.push(row);
    counts[row.verdict] = (counts[row.verdict] ?? 0) + 1;
    console.log(`\n[${p.id}] ${p.prompt}\n  => ${answer}   (${row.verdict})`);
  }
  console.log('\nfree-form verdicts', counts);
  return {counts, answers};
}

async function check({tokens: texts, ids, positions, logits}) {
  let differ = 0;
  for (const [text, wanted] of texts) differ += JSON.stringify(model.tokenize(text)) !== JSON.stringify(wanted);
  console.log('tokenizer:', differ, 'of', texts.length, 'texts differ from the trainer');
  const got = await sequence.controlledEvaluate(ids.map((id, i) => positions.includes(i) ? [id, {generateNext: {probabilities: true}}] : id));
  for (const [n, at] of positions.entries()) {
    const top = Math.max(...logits[n]), sum = logits[n].reduce((s, x) => s + Math.exp(x - top), 0);
    const p = logits[n].map(x => Math.exp(x - top) / sum);
    let diff = 0;
    for (const [token, value] of got[at].next.probabilities) diff = Math.max(diff, Math.abs(value - p[token]));
    const best = p.indexOf(Math.max(...p));
    console.log('position', at, 'largest difference of a probability', diff.toExponential(2), 'same best token', [...got[at].next.probabilities.keys()][0] === best);
  }
}
