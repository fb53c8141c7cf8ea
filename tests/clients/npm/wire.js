// What went over the wire: a fetch that goes out for real and notes each request and its answer.

export const noting = (requests) => async (address, options = {}) => {
  const url = new URL(address);
  const body = options.body ? JSON.parse(options.body) : Object.fromEntries(url.searchParams);
  const { persistedQuery } =
    typeof body.extensions === "string" ? JSON.parse(body.extensions) : (body.extensions ?? {});
  const response = await fetch(address, options);
  const answer = await response.clone().json();
  requests.push({
    method: options.method ?? "GET",
    query: Boolean(body.query),
    hash: persistedQuery?.sha256Hash ?? null,
    status: response.status,
    code: answer.errors?.[0].extensions.code ?? null,
  });
  return response;
};
