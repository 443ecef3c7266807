import type { ChatHistoryItem, LlamaModel, Token } from 'node-llama-cpp';

/** One message of a chat, its content already joined to one text. */
export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** Renders a chat as prompt tokens, ready for the assistant's answer. */
export type ChatFormat = (messages: readonly ChatMessage[]) => Token[];

/** Uses the template in the model file, or `role: content` lines where it has none. */
export async function chatFormatOf(model: LlamaModel, encode: (text: string) => Token[], generated: boolean): Promise<ChatFormat> {
  const template = model.fileInfo.metadata.tokenizer?.chat_template;
  // The plain lines are what the template of generated weights says too, and they cost no template engine.
  if (generated || typeof template !== 'string') return (messages) => encode(plainLines(messages));
  const { JinjaTemplateChatWrapper } = await import('node-llama-cpp');
  const wrapper = new JinjaTemplateChatWrapper({ template });
  return (messages) => {
    const chatHistory: ChatHistoryItem[] = messages.map((message) =>
      message.role === 'assistant' ? { type: 'model', response: [message.content] } : { type: message.role, text: message.content },
    );
    const { contextText } = wrapper.generateContextState({ chatHistory: [...chatHistory, { type: 'model', response: [] }] });
    return contextText.tokenize(model.tokenizer);
  };
}

function plainLines(messages: readonly ChatMessage[]): string {
  return `${messages.map((message) => `${message.role}: ${message.content}\n`).join('')}assistant:`;
}
