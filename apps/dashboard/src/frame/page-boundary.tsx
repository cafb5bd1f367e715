// A page that breaks says so and leaves the frame standing; another address is another try.
import { Component, type ReactNode } from 'react';
import { useLocation } from 'react-router';
import { ErrorState } from '../shared/states.js';

type Props = { readonly children: ReactNode };

class Boundary extends Component<Props, { readonly error: unknown }> {
  override state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  /** A page that could not be loaded is of a version that is gone: only the whole console anew brings it. */
  retry() {
    if (this.state.error instanceof TypeError && /import|module/i.test(this.state.error.message)) location.reload();
    else this.setState({ error: null });
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return <ErrorState error={this.state.error} onRetry={() => this.retry()} />;
  }
}

export const PageBoundary = ({ children }: Props) => {
  const { pathname } = useLocation();
  return <Boundary key={pathname}>{children}</Boundary>;
};
