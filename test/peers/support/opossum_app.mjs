// A program with one breaker of opossum: /metrics by opossum-prometheus, /fire?answer=good|bad through the breaker.
// Arguments: port, and "deaf" to leave halfOpen without a listener (then nothing counts it).
import http from 'node:http';
import CircuitBreaker from 'opossum';
import PrometheusMetrics from 'opossum-prometheus';

const [port, hearing] = process.argv.slice(2);
const call = async (answer) => {
  if (answer === 'bad') throw new Error('bad');
  return answer;
};
const breaker = new CircuitBreaker(call, { name: 'stock', timeout: 1000, resetTimeout: 900, errorThresholdPercentage: 50, volumeThreshold: 4 });
if (hearing !== 'deaf') breaker.on('halfOpen', () => {});
const prometheus = new PrometheusMetrics({ circuits: breaker });

const server = http.createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost');
  if (url.pathname === '/metrics') {
    response.setHeader('content-type', prometheus.client.register.contentType);
    response.end(await prometheus.metrics);
    return;
  }
  const result = await breaker.fire(url.searchParams.get('answer')).then(() => 'good', (error) => error.code ?? 'bad');
  response.end(result);
});
server.listen(Number(port), '127.0.0.1', () => console.log(`listening on ${server.address().port}`));
