import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileRedactor } from "../../src/normalize/redact/redact-text.ts";
import { loadRedactionRules } from "../../src/normalize/redact/redaction-rules.ts";

const file = resolve(import.meta.dirname, "../../schema/redaction.yaml");
const redact = compileRedactor(loadRedactionRules(file));
const R = "<redacted>";

/** What must never be seen afterwards; the parts are put together here so that no scanner takes them for real ones. */
const aws = `AKIA${"IOSFODNN7EXAMPLE".replace(/[0189]/g, "A")}`;
const github = `ghp_${"a1B2".repeat(9)}`;
const jwt = `eyJ${"hbGciOiJIUzI1NiJ9".slice(0, 17)}.eyJzdWIiOiIxMjM0In0.${"x".repeat(20)}`;
const slack = `xoxb-${"123456789012-".repeat(2)}abcdef`;
const key = `-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk=\n-----END OPENSSH PRIVATE KEY-----`;

describe("redaction", () => {
  it.each([
    ["mysql -u root -phunter2 -h db", `mysql -u root -p${R} -h db`],
    ["mysqldump -u root -p'two words' shop", `mysqldump -u root -p'${R}' shop`],
    ["sshpass -p hunter2 ssh user@192.0.2.1", `sshpass -p ${R} ssh user@192.0.2.1`],
    ["export DB_PASSWORD=hunter2 && env", `export DB_PASSWORD=${R} && env`],
    ["psql --password=hunter2 -U app", `psql --password=${R} -U app`],
    ["app --api-key abc123 --verbose", `app --api-key ${R} --verbose`],
    ["app -token abc123", `app -token ${R}`],
    ["app --registration-token token next", `app --registration-token ${R} next`],
    ['app --client-secret "a b c" run', `app --client-secret "${R}" run`],
    ["curl -u user:hunter2 https://example.com", `curl -u user:${R} https://example.com`],
    [
      "curl -uuser:x -H Authorization: Bearer abc.def https://example.com",
      `curl -uuser:x -H Authorization: Bearer ${R} https://example.com`,
    ],
    ["curl -H \"X-Api-Key:abc\" -H 'Private-Token: def'", `curl -H "X-Api-Key:${R}" -H 'Private-Token: ${R}'`],
    [
      "curl -H Authorization: Basic dXNlcjpwYXNz https://example.com",
      `curl -H Authorization: Basic ${R} https://example.com`,
    ],
    ['curl -d {"user":"a","password":"hunter2","n":1}', `curl -d {"user":"a","password":"${R}","n":1}`],
    ['sh -c curl -d "{\\"password\\":\\"hunter2\\"}"', `sh -c curl -d "{\\"password\\":\\"${R}\\"}"`],
    ["git clone https://user:hunter2@example.com/x.git", `git clone https://user:${R}@example.com/x.git`],
    ["psql postgres://app:p@ss@db:5432/shop", `psql postgres://app:${R}@db:5432/shop`],
    ["curl https://example.com/?a=1&access_token=abc&b=2", `curl https://example.com/?a=1&access_token=${R}&b=2`],
    [
      "mount -t cifs //srv/x /mnt -o username=bob,password=hunter2,vers=3.0",
      `mount -t cifs //srv/x /mnt -o username=bob,password=${R},vers=3.0`,
    ],
    [`aws configure set aws_access_key_id ${aws}`, `aws configure set aws_access_key_id ${R}`],
    ["AWS_SECRET_ACCESS_KEY=abc/def+ghi aws s3 ls", `AWS_SECRET_ACCESS_KEY=${R} aws s3 ls`],
    [`echo ${github} ${slack} ${jwt}`, `echo ${R} ${R} ${R}`],
    [`echo "${key}" > id`, `echo "${R}" > id`],
    [`echo -----BEGIN RSA PRIVATE KEY----- MIIE`, `echo ${R}`],
    ["redis-cli -h r1 -a hunter2 KEYS *", `redis-cli -h r1 -a ${R} KEYS *`],
    ["ldapsearch -x -D cn=admin -w hunter2 -b dc=x", `ldapsearch -x -D cn=admin -w ${R} -b dc=x`],
    ["smbclient //192.0.2.1/c$ -U admin%hunter2", `smbclient //192.0.2.1/c$ -U admin%${R}`],
    ["docker login -u ci -p hunter2 registry.example.com", `docker login -u ci -p ${R} registry.example.com`],
    ["secretsdump.py corp/admin:Passw0rd@192.0.2.1", `secretsdump.py corp/admin:${R}@192.0.2.1`],
    [
      "kubectl create secret generic db --from-literal=pw=hunter2",
      `kubectl create secret generic db --from-literal=pw=${R}`,
    ],
    ["openssl enc -aes-256-cbc -pass pass:hunter2 -in a", `openssl enc -aes-256-cbc -pass ${R} -in a`],
    ["sh -c echo hunter2 | sudo -S id", `sh -c echo ${R} | sudo -S id`],
    ["sh -c echo 'root:hunter2' | chpasswd", `sh -c echo 'root:${R}' | chpasswd`],
    ["echo hunter2 | su root -c id", `echo ${R} | su root -c id`],
    ["getTGT.py corp/admin:hunter2", `getTGT.py corp/admin:${R}`],
    ["gh secret set DEPLOY --body hunter2", `gh secret set DEPLOY --body ${R}`],
    ["mysql -e CREATE USER a IDENTIFIED BY 'hunter2'", `mysql -e CREATE USER a IDENTIFIED BY '${R}'`],
    ["cat <password>hunter2</password>", `cat <password>${R}</password>`],
    [
      "java -Djavax.net.ssl.keyStorePassword=changeit -jar a.jar",
      `java -Djavax.net.ssl.keyStorePassword=${R} -jar a.jar`,
    ],
    ['{"args":["app","--password","hunter2","-v"]}', `{"args":["app","--password","${R}","-v"]}`],
    ['{"args":["redis-cli","-a","hunter2"]}', `{"args":["redis-cli","-a","${R}"]}`],
    ["x password=hunter2,more y", `x password=${R} y`],
  ])("hides the secret of %s", (text, expected) => {
    expect(redact(text)).toBe(expected);
    expect(redact(expected)).toBe(expected);
  });

  it.each([
    "cat /etc/passwd",
    "grep -ri password /srv/app",
    "passwd root",
    "kubectl get secret db-token -o yaml",
    "kubectl create token builder",
    "find / -name *.token",
    "app --password-file /run/secrets/db",
    "app --token-ttl 5m --no-password --max-tokens 100",
    `app --password=$DB_PASSWORD --token \${TOKEN} --secret $(cat x)`,
    "export TOKEN=`cat t` PASSWORD=",
    "app --token /var/run/token --password-prompt=true --use-password=yes --password true",
    "docker run -p 8080:80 nginx",
    "docker pull registry.example.com/my-token:latest",
    "ssh -p 2222 user@192.0.2.1",
    "mkdir -p /srv/app/secrets",
    "mysql -P 3306 -p shop",
    "sudo find / -name mysql -print",
    "echo aWQ= | openssl enc -base64 -d | bash",
    "echo 'svc ALL=(ALL) NOPASSWD: ALL' >> /etc/sudoers.d/90-svc",
    "echo 'svc ALL=(ALL) NOPASSWD:ALL'; grep -q 'passwd: files systemd' /etc/nsswitch.conf",
    "ffmpeg -i in.mp4 -pass 1 -f null /dev/null",
    "kubectl run web --image-pull-secret regcred --pwd /srv",
    "sshd -o PasswordAuthentication=no -o PermitEmptyPasswords no",
    "git config credential.helper store && git credential fill",
    "docker run -v $PWD:/app -w $(pwd) alpine",
    "git clone https://github.com/user/repo.git",
    "git clone ssh://git@example.com:22/x.git",
    "scp a.txt user@192.0.2.1:/tmp/a",
    "curl http://[2001:db8::1]:8080/x",
    "npm_config_cache=/tmp npm install",
    "tokenizer=bpe python train.py",
    "ls -la PWD=/root OLDPWD=/tmp",
    "echo hello | tee out",
    "cd /opt/compass && ./bypass: true",
    "k8s_audit verb=list apiGroup=core resource=secrets namespace=kube-system name=db-token user=system:serviceaccount:a:token-reader stage=ResponseComplete requestURI=/api/v1/secrets?limit=500",
    "k8s_audit verb=create apiGroup=authentication.k8s.io resource=tokenreviews user=system:node:n requestObject=automountServiceAccountToken=false",
    "k8s_audit verb=create apiGroup=authorization.k8s.io resource=selfsubjectaccessreviews",
    "sk-learn --help; AKIA; eyJ short",
    "python -c print(token == 'x')",
  ])("leaves %s as it is", (text) => {
    expect(redact(text)).toBe(text);
  });

  it("changes nothing more the second time, whatever the text", () => {
    const piece = fc.constantFrom(
      "password",
      "=",
      ":",
      " ",
      '"',
      "'",
      "\\",
      "--",
      "token",
      "x",
      "hunter2",
      "://",
      "@",
      "echo ",
      "|",
      "sudo -S",
      "curl",
      "-u",
      "a:b",
      "Bearer ",
      "-----BEGIN",
      " PRIVATE KEY-----",
      "-----END",
      "&",
      ";",
      ",",
      "<",
      ">",
      "mysql",
      "-p",
      `${aws} `,
      `${github} `,
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 5 })), { maxLength: 20 }), (pieces) => {
        const once = redact(pieces.join(""));
        expect(redact(once)).toBe(once);
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    "password=",
    'password="',
    "token: ",
    "https://a:b@",
    "-----BEGIN",
    "curl -u ",
    "mysql -p",
    "echo a | sudo -S ",
    "Bearer a",
    "--secret ",
    "pass",
    "p-a-s-s-",
    "eyJ",
    "'",
    "a=b,c=",
  ])("takes no longer than its length asks for, of %j over and over", (piece) => {
    const time = (chars: number): number => {
      const text = piece.repeat(Math.ceil(chars / piece.length));
      const start = process.cpuUsage().user;
      redact(text);
      return process.cpuUsage().user - start;
    };
    time(65_536);
    // Microseconds; a search that went back over the text for each find would take minutes.
    expect(time(1_000_000)).toBeLessThan(4_000_000);
  });

  it("is described by a file that is checked, with file and path", () => {
    const bad = join(tmpdir(), `tagsmith-redaction-${process.pid}.yaml`);
    writeFileSync(bad, readFileSync(file, "utf8").replace("chars: A-Z2-7", "chars: 'A]*['"));
    expect(() => loadRedactionRules(bad)).toThrow(/redaction-\d+\.yaml: tokens\.0\.chars: letters, digits/);
    expect(() => loadRedactionRules(join(tmpdir(), "no-such-file"))).toThrow(/no-such-file: /);
  });
});
