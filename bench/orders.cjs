// What loadtest sends: another order in each request.
const { randomUUID } = require("crypto");

module.exports = (params, options, client, callback) => {
  const order = { externalId: randomUUID(), amount: "12.50", msisdn: "260963123400" };
  const body = JSON.stringify(order);
  options.headers["Content-Type"] = "application/json";
  options.headers["Content-Length"] = Buffer.byteLength(body);
  const request = client(options, callback);
  request.write(body);
  return request;
};
