// A certificate authority of our own, by the openssl command line.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

function openssl(dir, ...args) {
  const { status, stderr } = spawnSync('openssl', args, { cwd: dir, encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`);
}

export class Authority {
  constructor(scope, name = 'ca') {
    this.dir = fs.mkdtempSync(path.join(scope.dir, `${name}-`));
    this.file = path.join(this.dir, 'ca.pem');
    openssl(this.dir, 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
      '-subj', `/CN=${name}`, '-keyout', 'ca.key', '-out', 'ca.pem');
  }

  // A key and a certificate, for names as subjectAltName writes them: {cert, key} are names of files.
  issue(name, names = 'IP:127.0.0.1') {
    fs.writeFileSync(path.join(this.dir, `${name}.ext`), `subjectAltName=${names}\n`);
    openssl(this.dir, 'req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', `/CN=${name}`,
      '-keyout', `${name}.key`, '-out', `${name}.csr`);
    openssl(this.dir, 'x509', '-req', '-days', '2', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial',
      '-extfile', `${name}.ext`, '-out', `${name}.pem`);
    return { cert: path.join(this.dir, `${name}.pem`), key: path.join(this.dir, `${name}.key`) };
  }
}
